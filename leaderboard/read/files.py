"""Read result files: each once, with limits, checked by itself; on several cores if there are many.

What a file says, and whether it passes the checks, follows from its bytes and the code that reads
them. So both are kept by the SHA-256 of these two.
"""

import hashlib
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as remember
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmark.bundles.bounded import bounded_bytes, decoded, parse_bounded
from benchmark.consistency.result import inconsistency
from benchmark.execution.child_processes import die_with_parent
from benchmark.results import ExperimentResult
from leaderboard.cache import Cache, key_of
from leaderboard.formatting import plain
from leaderboard.read.evidence import is_sealed
from leaderboard.read.facts import Facts, facts_of, packed, unpacked
from nnactive.devices import usable_cores
from nnactive.errors import UserError

LARGEST_FILE: Final = 8 << 20
"""Bytes; a result of the largest shipped track (rollout, ToothFairy2) has at most 1.3 MB."""
MOST_PARTS: Final = 100_000
"""Lists and objects; that result has fewer than 2,000, and 33,000 in the first version's schema."""
MOST_TEXTS: Final = 200_000
"""Keys and texts; that result has fewer than 15,000."""
MANY: Final = 400
"""Files from which on several processes read them: a process takes as long as some of them."""
MOST_PROCESSES: Final = 8
CHUNK: Final = 32
"""Files that a process reads at a time."""
REFUSED: Final = b"-"
"""Begins what is kept of a file that can't be used; its reason follows."""
USED: Final = b"+"


@dataclass(frozen=True)
class Told:
    """What a file tells by itself."""

    content: bytes
    """Its facts, or why there are none, after `USED` or `REFUSED`."""
    digest: str = ""
    """SHA-256 of the file; empty: it could not be read."""
    sealed: bool = False
    """Whether a step of a run sealed it as it is."""
    key: str = ""
    """By which the cache has it, or is to have it; empty: it must not."""
    new: bool = False
    """Whether the cache doesn't have it yet."""

    @property
    def facts(self) -> Facts | str:
        """Of the result, or why there are none."""
        kind, content = self.content[:1], self.content[1:]
        found = unpacked(content) if kind == USED else None
        return content.decode() if found is None else found


def read_files(files: Sequence[tuple[Path, bool]], cache: Cache | None) -> Iterator[Told]:
    """What each file tells, in their order.

    Args:
        files: each with whether it lies in the runs of who builds the board, whose seals count.
        cache: where what has been read before is kept; None: nowhere.
    """
    read = partial(_read, cache=cache)
    with _processes(len(files)) as pool:
        told = pool.map(read, files, chunksize=CHUNK) if pool else map(read, files)
        yield from _kept(told, cache)


def _kept(told: Iterator[Told], cache: Cache | None) -> Iterator[Told]:
    """The same, and keep at the end what is new."""
    made: list[tuple[str, bytes]] = []
    used: list[str] = []
    for each in told:
        if each.new:
            made.append((each.key, each.content))
        elif each.key:
            used.append(each.key)
        yield each
    if cache is not None:
        cache.keep(made, used)


@contextmanager
def _processes(files: int) -> Iterator[ProcessPoolExecutor | None]:
    """Processes that read; None where this one is enough."""
    number = min(usable_cores(), MOST_PROCESSES)
    if files < MANY or number < 2 or sys.platform != "linux":  # noqa: PLR2004
        yield None
        return
    # Forked, so that they have the modules; nothing of this process is changed by them.
    pool = ProcessPoolExecutor(
        number, multiprocessing.get_context("fork"), _begin, initargs=(os.getpid(),)
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(parent: int) -> None:
    """Ctrl-C is for the process that waits for this one, without which this one is of no use."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(signal.SIGKILL, parent)


def _read(file: tuple[Path, bool], cache: Cache | None) -> Told:
    path, own = file
    try:
        # A run's result may be a link; what it leads to must be a file.
        real = Path(os.path.realpath(path)) if path.is_symlink() else path
        content = bounded_bytes(real, LARGEST_FILE)
    except UserError as error:
        return Told(REFUSED + plain(str(error)).encode())
    except (OSError, ValueError) as error:
        return Told(REFUSED + _unreadable(error))
    digest = hashlib.sha256(content).hexdigest()
    sealed = own and is_sealed(path, digest)
    if cache is None:
        return Told(_outcome(content), digest, sealed)
    key = key_of("result", reader(), digest)
    known = cache.get(key)
    if known is not None and _is_whole(known):
        return Told(known, digest, sealed, key)
    return Told(_outcome(content), digest, sealed, key, new=True)


def _outcome(content: bytes) -> bytes:
    """What the bytes of a file tell: facts, or why there are none."""
    try:
        text = decoded(content)
        if text.count("[") + text.count("{") > MOST_PARTS or text.count('"') > 2 * MOST_TEXTS:
            return REFUSED + b"has more parts than a result can have"
        result = parse_bounded(text, ExperimentResult)
    except UserError as error:
        return REFUSED + plain(str(error)).encode()
    except (OSError, ValueError) as error:
        return REFUSED + _unreadable(error)
    contradiction = inconsistency(result)
    if contradiction is not None:
        return REFUSED + contradiction.encode()
    return USED + packed(facts_of(result))


def _unreadable(error: Exception) -> bytes:
    return plain(f"cannot be read ({type(error).__name__})").encode()


def _is_whole(known: bytes) -> bool:
    return known[:1] in {USED, REFUSED}


@remember
def reader() -> str:
    """The code that reads and checks results: it, and what it rests on, as one text."""
    from benchmark.provenance import code_hash

    own = {path.name: path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))}
    packages = ("pydantic", "pydantic-core", "numpy")
    return json.dumps(
        [
            code_hash(),
            {name: hashlib.sha256(text).hexdigest() for name, text in own.items()},
            {name: version(name) for name in packages},
            sys.version,
        ]
    )

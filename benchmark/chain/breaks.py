"""Where a history breaks: outputs that are damaged, or were made from what is no longer there.

A history is one chain from its start. What a step read is in its output's seal; while that agrees
with the seals of what is there, the output stays, whatever the files' times and places say.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmark import layout
from benchmark.chain.check import METHODS
from benchmark.chain.images import CHECKSUM
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.steps import Per
from nnactive.io.seals import contents, digest, is_named, seal_file

SMALL: Final = 1 << 18
"""Bytes up to which a file is read in full; members aren't."""
MEMBER: Final = layout.member_file(Experiment("", "", 0), 0, 0).suffix
DAMAGED_TEXT: Final = "was damaged"
GONE: Final = "is gone"
CHANGED: Final = "was changed"


@dataclass(frozen=True)
class Break:
    """An output to make again."""

    job: Job
    origin: Path
    """What began it: this output, or one that it was made from."""
    why: str
    """What is wrong with the origin."""
    dropped: bool = False
    """Whether nothing needs the output any more: it isn't made again."""


@dataclass
class Chain:
    """What lies in a track's folder, each file looked at once."""

    root: Path
    aside: dict[Path, Break] = field(default_factory=dict)
    """Outputs that count as gone."""
    needed: set[Path] = field(default_factory=set)
    """What outputs that are missing will be made from."""
    _seals: dict[Path, dict[str, Any] | None] = field(default_factory=dict)
    _digests: dict[Path, str | None] = field(default_factory=dict)
    _sizes: dict[Path, int | None] = field(default_factory=dict)

    def seal(self, output: Path) -> dict[str, Any] | None:
        """The seal of an output; None without one, ``{}`` if it is broken."""
        if output not in self._seals:
            self._seals[output] = self._read(output)
        return self._seals[output]

    def size(self, output: Path) -> int | None:
        """Bytes of an output; None if it is missing or set aside."""
        if output in self.aside:
            return None
        if output not in self._sizes:
            try:
                self._sizes[output] = (self.root / output).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                self._sizes[output] = None
        return self._sizes[output]

    def digest(self, output: Path) -> str | None:
        """Digest of an output by its seal; None without one."""
        if output not in self._digests:
            made = self.seal(output)
            self._digests[output] = digest(made["files"]) if made and "files" in made else None
        return self._digests[output]

    def is_gone(self, path: Path) -> bool:
        """Whether an output is missing though something that is there was made from it.

        Members may be dropped once nothing needs them any more; their seals stay.
        """
        if self.size(path) is not None:
            return False
        moved = path in self.aside and not self.aside[path].dropped
        kept = path.suffix == MEMBER and path not in self.needed and not moved
        return not (kept and self.seal(path))

    def _read(self, output: Path) -> dict[str, Any] | None:
        try:
            content = json.loads((self.root / seal_file(output)).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def find_breaks(root: Path, jobs: Sequence[Job]) -> list[Break]:
    """The outputs of these jobs that must be made again, in the jobs' order.

    Reads seals and small files; large ones are checked by the steps that use them.

    Args:
        root: the track's folder.
        jobs: in an order in which they can run.
    """
    chain = Chain(root)
    listed = [job for job in jobs if job.step.per is not Per.DATASET]
    before = -1
    # Again as long as it changes what is needed: a query to be made again needs its members.
    while before < len(chain.aside):
        before = len(chain.aside)
        chain.needed = {path for job in listed for path in _needs(chain, job)}
        for job in listed:
            if job.output not in chain.aside and chain.size(job.output) is not None:
                found = _broken(chain, job)
                if found is not None:
                    chain.aside[job.output] = found
    return [chain.aside[job.output] for job in listed if job.output in chain.aside]


def _needs(chain: Chain, job: Job) -> Iterator[Path]:
    """What a job that is still to run reads."""
    if chain.size(job.output) is None:
        yield from job.inputs


def _broken(chain: Chain, job: Job) -> Break | None:
    output = job.output
    made = chain.seal(output)
    if made is not None and _is_damaged(chain, output, made):
        needless = job.step.per is Per.FOLD and output not in chain.needed
        return Break(job, output, DAMAGED_TEXT, dropped=needless)
    inherited: Break | None = None
    for path, why in _changed(chain, job, made):
        if path not in chain.aside:
            return Break(job, path, why)
        inherited = inherited or chain.aside[path]
    return Break(job, inherited.origin, inherited.why) if inherited else None


def _is_damaged(chain: Chain, output: Path, made: dict[str, Any]) -> bool:
    """Whether an output is not what its step wrote, as far as that can be told without reading."""
    files: dict[str, str] = made.get("files") or {}
    if not files or not is_named(output, made.get("name")):
        return True
    if "" not in files:
        return False
    size = chain.size(output) or 0
    if size == 0 or made.get("size") not in {None, size}:
        return True
    return size <= SMALL and not _is_intact(chain.root / output, files)


def _is_intact(file: Path, files: dict[str, str]) -> bool:
    try:
        return contents(file) == files
    except OSError:
        return False


def is_elsewhere(path: Path) -> bool:
    """Whether a file is another track's."""
    return path.parts[:1] == ("..",)


def _changed(chain: Chain, job: Job, made: dict[str, Any] | None) -> Iterator[tuple[Path, str]]:
    """Inputs that aren't there any more as the output was made from them."""
    if made is None or made.get("late"):
        # Of an older version: what was read isn't known, but what it must have been.
        yield from (
            (path, GONE)
            for path in job.inputs
            if job.step.per is not Per.EXPERIMENT
            and path.suffix != MEMBER
            and not path.is_absolute()
            and not is_elsewhere(path)
            and chain.is_gone(path)
        )
        return
    for name, read in made.get("inputs", {}).items():
        path = Path(name)
        if name == CHECKSUM or path.parent == METHODS:
            continue
        if chain.is_gone(path):
            if not is_elsewhere(path):  # what was taken from there stays
                yield path, GONE
        elif (now := chain.digest(path)) is not None and now != read:
            yield path, CHANGED

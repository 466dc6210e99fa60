"""Finished work of a query on disk: an interrupted query resumes, several processes can share it.

The results of `PoolView.map` are stored one file per call and case, in a folder named after a key:
a hash of everything they depend on. Another key means another folder, so a stale result is never
read.
"""

import hashlib
import json
import pickle
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nnactive
from nnactive.authored import authored
from nnactive.errors import UserError, described
from nnactive.io.files import sha256, write_bytes


class PartDone(BaseException):
    """This process has done its share; not an Exception, so that no method catches it."""


@dataclass(frozen=True)
class Part:
    """One of several equal shares of the images: ``number`` from 1 to ``of``."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Part":
        """Part from text such as ``1/3``; anything else is a ``UserError``."""
        number, slash, of = text.partition("/")
        if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return cls(int(number), int(of))
        raise UserError(f"part '{text}': write K/N with K from 1 to N, for example 1/3")

    def holds(self, index: int) -> bool:
        """Whether the case at ``index`` of the list belongs to this part."""
        return index % self.of == self.number - 1


@dataclass(frozen=True)
class Stored:
    """A result read from disk; it may be None."""

    result: Any


@dataclass
class Checkpoint:
    """Results of a query's calls of `map`, which are identified by their number."""

    folder: Path
    """Lies beside the query's output and is removed once that is written."""
    key: Callable[[], str]
    """Evaluated when the first call begins, since hashing an ensemble takes seconds."""
    part: Part | None = None
    used: bool = False
    """Whether a result of an earlier attempt was used."""
    failed: bool = False
    """Whether the work on a case failed in this attempt."""
    part_done: bool = False
    """Whether the part is computed and stored."""
    _calls: int = field(default=0, init=False)
    _current: Path | None = field(default=None, init=False)

    def begin(self) -> "MapCheckpoint":
        """Checkpoint of the next call of `map`."""
        if self._current is None:
            self._current = self.folder / self.key()[:32]
            # A part leaves the others' work alone: a machine with other code must not undo it.
            for other in self.folder.glob("*") if self.part is None else ():
                if other != self._current:
                    shutil.rmtree(other, ignore_errors=True)
        number, self._calls = self._calls, self._calls + 1
        return MapCheckpoint(self, self._current, number)

    def discard(self) -> None:
        """Remove all stored results."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class MapCheckpoint:
    """Results of one call of `map`."""

    owner: Checkpoint
    folder: Path
    number: int

    @property
    def part(self) -> Part | None:
        """The part to compute; only the first call is shared out, later ones never start."""
        return self.owner.part if self.number == 0 else None

    def get(self, case: str) -> Stored | None:
        """Result of an earlier attempt for a case; None if there is none or its file is broken."""
        try:
            stored = Stored(pickle.loads(self._file(case).read_bytes()))  # noqa: S301  (own file)
        except Exception:  # noqa: BLE001  (whatever a broken pickle raises: compute it again)
            return None
        self.owner.used = True
        return stored

    def put(self, case: str, result: object) -> str | None:
        """Store a result; return the reason if that is impossible."""
        try:
            write_bytes(self._file(case), pickle.dumps(result))
        except Exception as error:  # noqa: BLE001  (a lambda, a full disk: the query goes on)
            return described(error)
        return None

    def _file(self, case: str) -> Path:
        return self.folder / f"{self.number:03d}_{case}.pickle"


def checkpoint_folder(out: Path) -> Path:
    """Folder for finished work, the same for an output and for its draft, ``.<name>``."""
    return out.with_name(f".{out.name.removeprefix('.')}.checkpoint")


def key_of(parts: Sequence[object]) -> str:
    """SHA-256, in hexadecimal, of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def code_hash(kind: type) -> str:
    """SHA-256 of this package's code and of the files that define a class and its bases.

    That of a submission covers all its files.
    """
    package = Path(nnactive.__file__).parent
    files = {path: path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    marks = [found.digest for each in kind.__mro__ if (found := authored(each))]
    for each in kind.__mro__:
        file = getattr(sys.modules.get(each.__module__), "__file__", None)
        known = authored(each) is not None
        if file and not known and Path(file).is_file() and Path(file) not in files:
            files[Path(file)] = each.__module__
    hashes = sorted((name, sha256(path)) for path, name in files.items())
    return key_of([hashes, marks] if marks else hashes)

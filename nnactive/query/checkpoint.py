"""Finished work of a query on disk, so that an interrupted one goes on and several can share one.

The results of `PoolView.map` are kept one file per call and case, in a folder named after a key: a
hash of all that they depend on. Under another key there is another folder, so that no stale result
is ever read.
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
from nnactive.errors import UserError
from nnactive.io.files import sha256, write_bytes


class PartDone(BaseException):
    """This process' share of the images is done; not an Exception, so that no method catches it."""


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
        """Whether the case at ``index`` of the list is of this part."""
        return index % self.of == self.number - 1


@dataclass(frozen=True)
class Found:
    """A kept result; it may be None."""

    result: Any


@dataclass
class Kept:
    """Results of one query's calls of `map`; each call is known by its number."""

    folder: Path
    """Lies beside the query's output and goes when that is there."""
    key: Callable[[], str]
    """Asked for when the first call begins: hashing an ensemble takes seconds."""
    part: Part | None = None
    used: bool = False
    """Whether a result of an earlier try was used."""
    failed: bool = False
    """Whether the work on a case failed in this try."""
    _calls: int = field(default=0, init=False)
    _place: Path | None = field(default=None, init=False)

    def begin(self) -> "KeptCall":
        """The next call of `map`."""
        if self._place is None:
            self._place = self.folder / self.key()[:32]
            # A part leaves the others' work alone: a machine with other code must not undo it.
            for other in self.folder.glob("*") if self.part is None else ():
                if other != self._place:
                    shutil.rmtree(other, ignore_errors=True)
        number, self._calls = self._calls, self._calls + 1
        return KeptCall(self, self._place, number)

    def discard(self) -> None:
        """Remove everything that is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class KeptCall:
    """Results of one call of `map`."""

    owner: Kept
    place: Path
    number: int

    @property
    def part(self) -> Part | None:
        """The part that alone is computed: in the first call, then nothing more."""
        return self.owner.part if self.number == 0 else None

    def get(self, case: str) -> Found | None:
        """What an earlier try left for a case; a broken file counts as none."""
        try:
            found = Found(pickle.loads(self._file(case).read_bytes()))  # noqa: S301  (own file)
        except Exception:  # noqa: BLE001  (whatever a broken pickle raises: compute it anew)
            return None
        self.owner.used = True
        return found

    def put(self, case: str, result: object) -> str | None:
        """Keep a result; the reason where that can't be."""
        try:
            write_bytes(self._file(case), pickle.dumps(result))
        except Exception as error:  # noqa: BLE001  (a lambda, a full disk: the query goes on)
            return " ".join(f"{type(error).__name__}: {error}".split())
        return None

    def _file(self, case: str) -> Path:
        return self.place / f"{self.number:03d}_{case}.pickle"


def key_of(parts: Sequence[object]) -> str:
    """SHA-256, in hexadecimal, of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def code_hash(kind: type) -> str:
    """SHA-256 over this package's code and the files of a class and the classes it comes from."""
    package = Path(nnactive.__file__).parent
    files = {path: path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    for each in kind.__mro__:
        file = getattr(sys.modules.get(each.__module__), "__file__", None)
        if file and Path(file).is_file() and Path(file) not in files:
            files[Path(file)] = each.__module__
    return key_of(sorted((name, sha256(path)) for path, name in files.items()))

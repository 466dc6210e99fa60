"""The folders beside a step's output through which its box answers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark.firewall.shallow import make_shallow
from nnactive.query.checkpoint import checkpoint_folder


@dataclass(frozen=True)
class Room:
    """What a method's process may write to."""

    scratch: Path
    """Its home and its temporary files."""
    answer: Path
    """For its answer."""
    kept: Path
    """For finished work, which only its like reads."""

    @property
    def writes(self) -> tuple[Path, ...]:
        """All of them, the scratch folder first."""
        return self.scratch, self.answer, self.kept


@contextmanager
def room_for(out: Path, *, shared: bool = False) -> Iterator[Room]:
    """A new room for the step that writes ``out`` or its draft; all but finished work is removed.

    Args:
        out: the output or its draft.
        shared: whether other processes may be at work on the same output, each with a part.
    """
    parent, name = out.absolute().parent.resolve(), f".{out.name.removeprefix('.')}.box."
    parent.mkdir(parents=True, exist_ok=True)
    for left in () if shared else parent.glob(f"{name}*"):
        _remove(left)
    # Never one that was there: what a method left in it could be taken for an answer.
    whole = Path(tempfile.mkdtemp(prefix=name, dir=parent))
    room = Room(whole / "scratch", whole / "answer", checkpoint_folder(parent / out.name))
    try:
        for folder in room.writes:
            folder.mkdir(exist_ok=True)
        make_shallow(room.kept)
        yield room
    finally:
        _remove(whole)
        if not shared:
            with suppress(OSError):
                room.kept.rmdir()  # unless it holds finished work


def _remove(folder: Path) -> None:
    """Remove a folder, whatever a method has done to the rights of those in it."""
    make_shallow(folder)  # the process that ran its box may have been killed
    for place, names, _ in os.walk(folder):
        for within in (Path(place, name) for name in names):
            with suppress(OSError):
                if not within.is_symlink():
                    within.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)

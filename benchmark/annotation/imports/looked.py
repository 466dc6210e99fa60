"""What label files had in their patches' boxes when they were last read: unchanged, none is again.

Whole images make it matter: a hundred CTs take minutes to read.
"""

import os
from pathlib import Path
from typing import ClassVar, Final

from benchmark.annotation.imports.files.names import look
from benchmark.annotation.project.places import WORK, Places, round_name
from benchmark.annotation.rounds.model import Round
from nnactive.errors import NnactiveError
from nnactive.io.files import read_model, write_model
from nnactive.io.models import Frozen, StateFile

FILE: Final = "looked.json"


class Had(Frozen):
    """What a file had in one patch's box."""

    labels: str
    """SHA-256 by `array_digest`."""
    outside: int = 0
    """Voxels of classes that are left out."""


class Look(Frozen):
    """One file as it was read."""

    size: int
    mtime_ns: int
    ctime_ns: int
    """Changes with the content, whatever date a program gives the file."""
    inode: int
    patches: dict[str, Had]
    """By patch, ``round_00/p07``."""


class Looked(StateFile):
    """Content of ``work/looked.json``; without it, files are merely read again."""

    SCHEMA: ClassVar[int] = 1

    files: dict[str, Look]
    """By path from the project's folder."""


def read_looked(places: Places) -> dict[str, Look]:
    """What was read before; nothing if that isn't known."""
    try:
        return dict(read_model(places.root / WORK / FILE, Looked).files)
    except NnactiveError:
        return {}


def write_looked(places: Places, files: dict[str, Look]) -> None:
    """Remember what was read."""
    write_model(places.root / WORK / FILE, Looked(files=dict(sorted(files.items()))))


def as_read(state: os.stat_result, patches: dict[str, Had]) -> Look:
    """A file and what it had."""
    return Look(
        size=state.st_size,
        mtime_ns=state.st_mtime_ns,
        ctime_ns=state.st_ctime_ns,
        inode=state.st_ino,
        patches=patches,
    )


def is_same(look: Look, state: os.stat_result) -> bool:
    """Whether a file hasn't been touched since."""
    return as_read(state, look.patches) == look


def remember_templates(places: Places, written: Round) -> None:
    """Note the templates of a round that was just written, so that no import reads them.

    Args:
        places: of the project.
        written: the round. Its folder came into being this moment: of one that was there before,
            what a person has saved would pass for templates.
    """
    name = round_name(written.number)
    found = look(places.round(written.number), written)
    known = read_looked(places)
    for patch in written.patches:
        had = {f"{name}/{patch.id}": Had(labels=patch.template)}
        for file in (*found.patches.get(patch.id, ()), *found.cases.get(patch.patch.case, ())):
            key = relative(places, file)
            before = known[key].patches if key in known else {}
            known[key] = as_read(file.stat(), before | had)
    write_looked(places, known)


def relative(places: Places, file: Path) -> str:
    """How a file is remembered."""
    return os.path.relpath(file, places.root)

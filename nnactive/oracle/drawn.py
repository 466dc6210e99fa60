"""What a person has drawn: every import of a patch, kept; the newest one counts.

The folder of labels, one folder a patch and in it two files an import::

    labels/round_03/p07/0001.nii.gz   labels of the patch's box, in the image's own geometry
    labels/round_03/p07/0001.json     `Drawn`; written last: an import without it is unfinished
    labels/given/CASE/...             labels that were there before anything was chosen
    labels/sources/SHA256.nii.gz      the files that were imported, byte by byte
"""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final, Literal

from nnactive.data.unlabelled.source import Box
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.io.models import StateFile
from nnactive.io.queries import PatchRecord

GIVEN: Final = "given"
SOURCE_FILES: Final = "sources"
RECORD: Final = ".json"
RESTORE: Final = "restore it from a copy; or remove it, and import the patch again"
VOXELS: Final = ".nii.gz"


class Drawn(StateFile):
    """One import of one patch."""

    SCHEMA: ClassVar[int] = 1

    patch: PatchRecord
    """In voxels of the prepared image."""
    box: Box
    """What was drawn, in the image's own grid; holds all that the patch depends on."""
    number: int
    """1 for the first import of the patch."""
    how: Literal["drawn", "empty", "accepted", "given"]
    """Drawn by the person; confirmed to hold no class; a confirmed draft; there from the start."""
    sha256: str
    """Of the file that was imported; for ``empty`` and ``accepted``, of the template as it was."""
    source: str
    """That file's ending in ``sources/``."""
    labels: str
    """SHA-256 of the voxels as they are kept: type, shape and content."""
    imported: str
    """When, in UTC: ``2026-11-30T18:20:36Z``."""
    saved: str | None = None
    """When the person saved the file, in UTC; None: unknown or nothing to tell."""
    voxels: tuple[int, ...]
    """Voxels of each class in the box, background included."""


def folder_of(labels: Path, round_name: str, patch_id: str) -> Path:
    """Where the imports of a patch lie."""
    return labels / round_name / patch_id


def history(folder: Path) -> list[Drawn]:
    """All finished imports of a patch, oldest first."""
    return [read_model(file, Drawn, RESTORE) for file in sorted(folder.glob(f"[0-9]*{RECORD}"))]


def voxels_file(folder: Path, drawn: Drawn) -> Path:
    """The labels of an import."""
    return folder / f"{drawn.number:04d}{VOXELS}"


def current(labels: Path) -> Iterator[tuple[Path, Drawn]]:
    """The import that counts of every patch that has one, with its folder, by the folder's name."""
    for folder in sorted(labels.glob("*/*")):
        if folder.is_dir() and folder.parent.name != SOURCE_FILES and (known := history(folder)):
            yield folder, known[-1]


def as_patch(record: PatchRecord) -> Patch:
    """The patch of a record."""
    return Patch(record.case, record.start, record.size)

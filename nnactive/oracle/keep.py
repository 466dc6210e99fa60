"""Keeping what was imported: the file as it came, the labels of the box, the record last.

Killed at any moment, this leaves a finished import or none: what has no record is written again by
the next import of the same patch, and a copied file without one is merely unused.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from nnactive.data.prepared import array_digest
from nnactive.data.unlabelled.source import Box, Grid
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import atomic_path, sha256, write_model
from nnactive.io.queries import PatchRecord
from nnactive.oracle.drawn import (
    RECORD,
    SOURCE_FILES,
    Drawn,
    folder_of,
    history,
    voxels_file,
)

if TYPE_CHECKING:
    import numpy as np

DOUBLE: Final = (".nii.gz", ".seg.nrrd")
"""Endings of two parts."""


@dataclass(frozen=True)
class Drawing:
    """What one import brings of one patch."""

    patch: PatchRecord
    """In voxels of the prepared image."""
    box: Box
    """In the image's own grid."""
    grid: Grid
    """The image's."""
    voxels: "np.ndarray"
    """Labels in the box, whole numbers below ``classes``; ``(Z, Y, X)``."""
    classes: int
    """Number of classes, background included."""
    how: Literal["drawn", "empty", "accepted", "given"]
    source: Path
    """The kept copy of the file that it was read from, by `keep_source`."""
    imported: str
    """When, in UTC: ``2026-11-30T18:20:36Z``."""
    saved: str | None = None
    """When the person saved the file, in UTC; None: unknown or nothing to tell."""


def keep_source(labels: Path, file: Path) -> Path:
    """Copy a file into the folder of imported files, by its content; read the labels from there.

    A file that is saved again meanwhile then can't make the copy and what was read of it differ.

    Returns:
        ``labels/sources/SHA256.nii.gz``; the same for the same content.

    Raises:
        UserError: the file is missing, or being saved.
    """
    try:
        digest = sha256(file)
        kept = labels / SOURCE_FILES / f"{digest}{ending_of(file)}"
        if not kept.is_file():
            with atomic_path(kept) as draft:
                shutil.copyfile(file, draft)
                if sha256(draft) != digest:
                    raise UserError(f"{file}: changed while it was read; import it again")
                _flush(draft)
    except FileNotFoundError:
        raise UserError(f"{file}: no such file; save it and import it again") from None
    return kept


def ending_of(file: Path) -> str:
    """A file's ending, such as ``.nii.gz`` or ``.seg.nrrd``."""
    return next((end for end in DOUBLE if file.name.lower().endswith(end)), file.suffix.lower())


def keep(labels: Path, round_name: str, patch_id: str, drawing: Drawing) -> Drawn:
    """Keep one import of a patch after those that it has; it counts from now on.

    Only one process may do so at a time.

    Args:
        labels: the labels folder of the project.
        round_name: ``round_03``, or ``given``.
        patch_id: ``p07``; the case id for given labels.
        drawing: what was imported.

    Returns:
        The record, already written.

    Raises:
        NnactiveError: the voxels don't fill the box, or have values that are no class.
    """
    import numpy as np

    voxels = _checked(drawing)
    folder = folder_of(labels, round_name, patch_id)
    kept = history(folder)
    drawn = Drawn(
        patch=drawing.patch,
        box=drawing.box,
        number=kept[-1].number + 1 if kept else 1,
        how=drawing.how,
        sha256=drawing.source.name.split(".")[0],
        source=ending_of(drawing.source),
        labels=array_digest(voxels),
        imported=drawing.imported,
        saved=drawing.saved,
        voxels=tuple(np.bincount(voxels.ravel(), minlength=drawing.classes).tolist()),
    )
    with atomic_path(voxels_file(folder, drawn)) as draft:
        _write(draft, voxels, drawing)
        _flush(draft)
    write_model(folder / f"{drawn.number:04d}{RECORD}", drawn)
    return drawn


def read_voxels(folder: Path, drawn: Drawn) -> "np.ndarray":
    """Labels of an import, uint8 ``(Z, Y, X)``, in its box.

    Raises:
        UserError: the file is missing, or isn't what was kept.
    """
    import SimpleITK

    file = voxels_file(folder, drawn)
    try:
        array: np.ndarray = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file)))
        damaged = array_digest(array) != drawn.labels
    except RuntimeError:
        damaged = True
    if damaged:
        raise UserError(
            f"{file}: isn't what was imported; restore it from a copy, or import the patch again"
        )
    return array


def _checked(drawing: Drawing) -> "np.ndarray":
    import numpy as np

    voxels, classes = drawing.voxels, drawing.classes
    if voxels.shape != drawing.box.size:
        raise NnactiveError(f"{drawing.patch.case}: {voxels.shape} voxels for {drawing.box.size}")
    if not 0 <= voxels.min() <= voxels.max() < classes:
        raise NnactiveError(f"{drawing.patch.case}: values outside 0..{classes - 1} are no class")
    return np.ascontiguousarray(voxels, dtype=np.uint8)


def _write(file: Path, voxels: "np.ndarray", drawing: Drawing) -> None:
    """Write the box where it lies in the image."""
    import SimpleITK

    grid, start = drawing.grid, drawing.box.start
    whole = SimpleITK.Image([1, 1, 1], SimpleITK.sitkUInt8)
    image = SimpleITK.GetImageFromArray(voxels)
    for each in (whole, image):
        each.SetSpacing(grid.spacing[::-1])
        each.SetOrigin(grid.origin)
        each.SetDirection(grid.direction)
    image.SetOrigin(whole.TransformIndexToPhysicalPoint(start[::-1]))
    SimpleITK.WriteImage(image, str(file), useCompression=True)


def _flush(file: Path) -> None:
    """Have a file on the disk before the record that counts on it."""
    with file.open("rb") as content:
        os.fsync(content.fileno())

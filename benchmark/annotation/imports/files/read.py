"""Reading a label file that a person saved, in any format that SimpleITK reads."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmark.annotation.imports.files.segments import from_segments, segments_in
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from nnactive.data.raw.files.formats import ENDINGS, METAIMAGE, files_of
from nnactive.data.raw.files.integrity import DAMAGED, check_whole
from nnactive.data.raw.files.locales import same_locale
from nnactive.data.unlabelled.source import Grid
from nnactive.errors import UserError
from nnactive.geometry import as_triple
from nnactive.io.files import sha256

if TYPE_CHECKING:
    import SimpleITK

DIMENSIONS: Final = 3
WHOLE: Final = 1e-3
"""Largest difference from a whole number that is the rounding of a label."""
SLAB: Final = 16
SEGMENTATION: Final = ".seg.nrrd"
WAIT: Final = "is still being written; import again once it is saved"


@dataclass(frozen=True)
class Labels:
    """A label file as it was read."""

    file: Path
    values: np.ndarray
    """Whole numbers, ``(Z, Y, X)`` in the file's axes."""
    grid: Grid
    named: bool
    """Whether its values came from segments' names: then it may lack what is background."""
    sha256: str
    state: os.stat_result
    """Of the file: dates and size."""


def read_labels(file: Path, names: Mapping[str, int]) -> Labels:
    """Read a label file.

    Args:
        file: a label map, or a segmentation of 3D Slicer.
        names: label by the segment names that are known, in small letters.

    Raises:
        WrongLabelsError: it is no label map, or being written.
    """
    _check_file(file)
    if file.name.endswith(METAIMAGE) and files_of(file)[1:]:
        # What is kept, and looked at for changes, is one file.
        raise WrongLabelsError("stores its voxels in another file; save it as .nii.gz or .mha")
    try:
        before = file.stat()
        digest = sha256(file)
        image = _read(file)
        after = file.stat()
    except OSError as error:
        raise WrongLabelsError(
            f"can't be read ({error.strerror}); allow it, then import again"
        ) from None
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise WrongLabelsError(WAIT)
    values, named = _values(image, names)
    # 3D Slicer leaves nothing of a segmentation without segments, not even its grid.
    named |= file.name.endswith(SEGMENTATION) and not values.any()
    return Labels(file, values, grid_of(image), named, digest, after)


def read_array(file: Path) -> tuple[np.ndarray, Grid] | None:
    """Voxels ``(Z, Y, X)`` of an image file; None: it isn't a readable one."""
    import SimpleITK

    try:
        image = _read(file)
    except (OSError, WrongLabelsError):
        return None
    return SimpleITK.GetArrayFromImage(image), grid_of(image)


def grid_of(image: "SimpleITK.Image") -> Grid:
    """The grid of a three-dimensional image."""
    z, y, x = (float(n) for n in reversed(image.GetSpacing()))
    a, b, c = (float(n) for n in image.GetOrigin())
    shape = as_triple(reversed(image.GetSize()))
    return Grid(shape=shape, spacing=(z, y, x), origin=(a, b, c), direction=image.GetDirection())


def _check_file(file: Path) -> None:
    """Refuse what is no file with content."""
    if file.is_symlink() and not file.exists():
        raise WrongLabelsError("is a link to a file that isn't there; save the labels themselves")
    if file.is_dir():
        raise WrongLabelsError("is a folder; save the labels as a file of this name")
    if not file.exists():
        raise WrongLabelsError("no such file; give the file that you saved")
    if not file.is_file():
        raise WrongLabelsError("is no file; save the labels as a file of this name")
    if not os.access(file, os.R_OK):
        raise WrongLabelsError("can't be read (Permission denied); allow it, then import again")
    if not file.stat().st_size:
        raise WrongLabelsError("has 0 bytes; save it again")


def _read(file: Path) -> "SimpleITK.Image":
    import SimpleITK

    if any(file.name.endswith(ending) for ending in ENDINGS):
        try:
            check_whole(file)
        except UserError as error:
            raise WrongLabelsError(_own_words(file, str(error))) from None
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(flag=False)
    try:
        with same_locale():
            image = SimpleITK.ReadImage(str(file))
    except RuntimeError:
        raise WrongLabelsError(
            "is no readable image; save the labels as NIfTI (.nii.gz), NRRD or MetaImage"
        ) from None
    return _three_dimensional(image)


def _own_words(file: Path, said: str) -> str:
    """What a check of an image file said, for one that was saved a moment ago."""
    cause = said.removeprefix(f"{file}: ")
    if DAMAGED in cause:
        return "truncated or damaged, or still being written; save it again"
    if "no NIfTI header" in cause:
        return "is no image (no NIfTI header); save the labels in this format"
    return cause.replace("fix or replace it", "save it again as whole numbers")


def _three_dimensional(image: "SimpleITK.Image") -> "SimpleITK.Image":
    size = image.GetSize()
    shown = " x ".join(map(str, reversed(size)))
    if len(size) < DIMENSIONS:
        raise WrongLabelsError(f"is two-dimensional ({shown}); save the whole volume, not a slice")
    while len(image.GetSize()) > DIMENSIONS:
        if image.GetSize()[-1] != 1:
            raise WrongLabelsError(
                f"has {len(size)} dimensions ({shown}); save one three-dimensional label map"
            )
        image = image[(slice(None),) * (len(image.GetSize()) - 1) + (0,)]
    return image


def _values(image: "SimpleITK.Image", names: Mapping[str, int]) -> tuple[np.ndarray, bool]:
    import SimpleITK

    array = SimpleITK.GetArrayFromImage(image)
    components = image.GetNumberOfComponentsPerPixel()
    if array.dtype.kind == "f" and (components == 1 or segments_in(image)):
        array = _whole(array)
    if segments := segments_in(image):
        layers = array.reshape((*array.shape[:DIMENSIONS], components))
        return from_segments(layers, segments, names), True
    if components != 1:
        raise WrongLabelsError(
            f"has {components} values per voxel (a colour picture or probabilities); save one "
            "label map with a number for each class"
        )
    return array, False


def _whole(array: np.ndarray) -> np.ndarray:
    """Floats that are whole numbers as such."""
    found = np.empty(array.shape, np.int32)
    for first in range(0, len(array), SLAB):
        part = array[first : first + SLAB]
        if not np.isfinite(part).all():
            raise WrongLabelsError("contains NaN or infinite values; save it as whole numbers")
        near = np.clip(np.rint(part), -(2**31), 2**31 - 1)
        if (np.abs(part - near) > WHOLE).any():
            low, high = float(array.min()), float(array.max())
            raise WrongLabelsError(
                f"has values that aren't whole, from {low:.4g} to {high:.4g} (probabilities, or "
                "smoothed labels); save a label map"
            )
        found[first : first + SLAB] = near
    return found

"""The intensities of an image from a few of its slices, and whether they are those of CT."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnactive.data.raw.files.formats import TIFF
from nnactive.data.raw.files.locales import same_locale
from nnactive.data.raw.files.tiff import read_tiff
from nnactive.data.raw.files.volumes import DIMENSIONS
from nnactive.data.raw.images import header_with_itk, unreadable
from nnactive.data.unlabelled.dicom.series import read_stack
from nnactive.data.unlabelled.dicom.slices import READER
from nnactive.data.unlabelled.source import Image

if TYPE_CHECKING:
    import SimpleITK

PLACES = (1 / 4, 1 / 2, 3 / 4)
"""Of the slices that are looked at, as shares of the image's first axis."""
SMALL = 1 << 24
"""Voxels of an image that is read at once, because each access to a compressed file starts over."""
LOOKED_AT = 5
"""Images from which the modality is guessed."""
SOFT = -150.0, 250.0
"""Hounsfield units of soft tissue, fat and water."""
SOFT_SHARE = 0.05
NEGATIVE = -200.0
"""Hounsfield units that only lung, air and what a scanner fills in fall below."""
LOWEST, HIGHEST = -33000.0, 33000.0
"""What 16 bits hold of Hounsfield units, metal and padding included."""


def sample(folder: Path, image: Image) -> list[np.ndarray]:
    """Some slices of each channel: ``(N, Y, X)`` of the file's type.

    Only these are read where the format allows that.

    Raises:
        UserError: a file is unreadable.
    """
    paths = [folder / file for file in image.files]
    if image.series is not None:
        files = read_stack(paths[0], image.series).files
        if len(files) == 1:
            return [_slices(files[0], READER)]
        return [np.concatenate([_slices(files[at], READER) for at in _places(len(files))])]
    return [_slices(path) for path in paths]


def likely_ct(folder: Path, images: Sequence[Image], channel: int = 0) -> bool:
    """Whether a channel's intensities are Hounsfield units, judged by a few images of it.

    For a proposal: crops in which nothing is darker than fat, and CT that was shifted or
    rescaled, aren't recognised.

    Raises:
        UserError: a file is unreadable.
    """
    step = max(1, len(images) // LOOKED_AT)
    looked = [sample(folder, image)[channel] for image in images[::step][:LOOKED_AT]]
    return sum(map(is_hounsfield, looked)) * 2 > len(looked)


def is_hounsfield(values: np.ndarray) -> bool:
    """Whether an image's intensities may be Hounsfield units: air and soft tissue are there."""
    low, high = float(values.min()), float(values.max())
    if not LOWEST <= low <= NEGATIVE or not SOFT[0] < high <= HIGHEST:
        return False
    return float(((values >= SOFT[0]) & (values <= SOFT[1])).mean()) >= SOFT_SHARE


def _places(slices: int) -> list[int]:
    return sorted({int(slices * place) for place in PLACES})


@same_locale()
def _slices(path: Path, reader: str = "") -> np.ndarray:
    """Slices of one file: ``(N, Y, X)``."""
    import SimpleITK

    if path.name.endswith(TIFF):
        array: np.ndarray = read_tiff(path)[0]
        return array[_places(len(array))]
    if reader:
        image = SimpleITK.ReadImage(str(path), imageIO=reader)
        array = SimpleITK.GetArrayFromImage(image)
        return array[_places(len(array))]
    header = header_with_itk(path)
    size = header.GetSize()
    slices = size[DIMENSIONS - 1]
    if math.prod(size) <= SMALL:
        array = _extracted(path, header, 0, slices)
        return array[_places(slices)]
    return np.concatenate([_extracted(path, header, at, 1) for at in _places(slices)])


def _extracted(
    path: Path, header: "SimpleITK.ImageFileReader", first: int, count: int
) -> np.ndarray:
    """``count`` slices of a file from the ``first`` one on; a fourth axis is dropped."""
    import SimpleITK

    size = header.GetSize()
    beyond = (0,) * len(size[DIMENSIONS:])
    header.SetExtractIndex((0, 0, first, *beyond))
    header.SetExtractSize((*size[:2], count, *beyond))
    try:
        array: np.ndarray = SimpleITK.GetArrayFromImage(header.Execute())
    except RuntimeError as error:
        raise unreadable(path, error) from None
    return array

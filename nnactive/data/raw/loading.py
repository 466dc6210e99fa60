"""Loading one raw case, with all checks of its images and its label."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnactive.data.cards import FOREIGN
from nnactive.data.raw.images import Volume, check_geometry, read_volume
from nnactive.data.raw.layout import Found
from nnactive.errors import UserError
from nnactive.geometry import Spacing


@dataclass(frozen=True)
class LoadedCase:
    """A case that passed all checks: image float32 ``(C, Z, Y, X)``, label int16 ``(Z, Y, X)``."""

    image: np.ndarray
    label: np.ndarray
    spacing: Spacing


def load_case(case: Found, classes: int) -> LoadedCase:
    """Read and check one case that has one image file per channel.

    Args:
        case: its files.
        classes: number of classes with background; labels must be 0 .. classes - 1.

    Raises:
        UserError: a file is unreadable, geometries differ, the image is all zero or not finite,
            or the label has unknown values; names the file.
    """
    images = [read_volume(path) for path in case.files]
    label = read_volume(case.label)
    check_images(case, images, label)
    values = mapped_label(case.label, label.array, {value: value for value in range(1, classes)})
    return LoadedCase(
        np.stack([image.array for image in images]), values.astype(np.int16), label.spacing
    )


def check_images(case: Found, images: Iterable[Volume], label: Volume) -> None:
    """Check one case's channels.

    Raises:
        UserError: geometries differ, or the image is all zero or not finite; names the file.
    """
    empty = True
    # A converted image may be made from more files than it has channels; name the first ones.
    for path, image in zip(case.files, images, strict=False):
        check_geometry(path, image, case.label, label)
        if not np.isfinite(image.array).all():
            raise UserError(f"{path}: contains NaN or infinite values; fix or replace it")
        empty &= not image.array.any()
    if empty:
        raise UserError(f"{case.files[0]}: every voxel is 0; copy or download it again")


def mapped_label(path: Path, label: np.ndarray, mapping: Mapping[int, int]) -> np.ndarray:
    """Classes of a raw label map, uint8 ``(Z, Y, X)``; values missing in ``mapping`` are errors.

    Raises:
        UserError: the label map has an unknown value; names the file.
    """
    known = {0: 0, **mapping}
    table = np.full(1 << 16, FOREIGN, np.uint8)
    for value, number in known.items():
        table[value] = number
    whole = label.astype(np.int16)
    classes = table[whole.view(np.uint16)]
    wrong = (classes == FOREIGN) | (whole != label)
    if wrong.any():
        listed = ", ".join(str(value).removesuffix(".0") for value in np.unique(label[wrong])[:5])
        gaps = " (with gaps)" if len(known) <= max(known) else ""
        raise UserError(
            f"{path}: label values {listed} are not among the card's 0 to {max(known)}{gaps}; "
            "replace the file or fix the card"
        )
    return classes

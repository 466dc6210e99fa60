"""Loading one raw case, with all checks of its images and its label."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnactive.data.cards import FOREIGN
from nnactive.data.raw.files.notes import Note
from nnactive.data.raw.files.volumes import Volume
from nnactive.data.raw.foreign_labels import ForeignLabelsError
from nnactive.data.raw.grids import check_geometry
from nnactive.data.raw.images import check_finite, read_volume
from nnactive.data.raw.layout import Found
from nnactive.errors import UserError
from nnactive.geometry import Spacing

NEARLY_WHOLE = 1e-3
"""Largest difference from a whole number that is the rounding of a label."""
ROUNDED = "label values differ from whole numbers by up to {:.1g}; they are rounded"


@dataclass(frozen=True)
class LoadedCase:
    """A case that passed all checks: image float32 ``(C, Z, Y, X)``, label int16 ``(Z, Y, X)``."""

    image: np.ndarray
    label: np.ndarray
    spacing: Spacing
    """mm, (z, y, x): the image's; its first channel's if there are several."""


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
        np.stack([image.array for image in images]),
        values.astype(np.int16),
        images[0].spacing,
    )


def case_notes(case: Found, images: Sequence[Volume], label: Volume) -> tuple[Note, ...]:
    """What is unusual about a case's files and yet no reason to refuse it.

    Raises:
        UserError: what ``check_images`` refuses.
    """
    of_files = (note for volume in (*images, label) for note in volume.notes)
    return (
        *of_files,
        *check_images(case, images, label),
        *label_notes(case.label, label.array),
    )


def check_images(case: Found, images: Iterable[Volume], label: Volume) -> tuple[Note, ...]:
    """Check one case's channels.

    Returns:
        Notes on a label that lies a little beside its image.

    Raises:
        UserError: geometries differ, or the image is all zero or not finite; names the file.
    """
    empty = True
    notes: list[Note] = []
    # A converted image may be made from more files than it has channels; name the first ones.
    for path, image in zip(case.files, images, strict=False):
        notes += check_geometry(path, image, case.label, label)
        check_finite(path, image.array)
        empty &= not image.array.any()
    if empty:
        raise UserError(f"{case.files[0]}: every voxel is 0; copy or download it again")
    return tuple(notes)


def mapped_label(path: Path, label: np.ndarray, mapping: Mapping[int, int]) -> np.ndarray:
    """Classes of a raw label map, uint8 ``(Z, Y, X)``; values missing in ``mapping`` are errors.

    Values that differ from whole numbers by at most ``NEARLY_WHOLE`` are rounded.

    Raises:
        ForeignLabelsError: the label map has an unknown value; names the file.
    """
    known = {0: 0, **mapping}
    table = np.full(1 << 16, FOREIGN, np.uint8)
    for value, number in known.items():
        table[value] = number
    with np.errstate(invalid="ignore"):  # NaN is none of the known values
        whole = np.rint(label).astype(np.int16)
    classes: np.ndarray = table[whole.view(np.uint16)]
    # Written so that NaN is wrong as well.
    wrong = (classes == FOREIGN) | ~(np.abs(label - whole) <= NEARLY_WHOLE)
    if wrong.any():
        present = {int(value) for value in np.unique(classes[~wrong])}
        raise ForeignLabelsError(path, np.unique(label[wrong]).tolist(), known, present)
    return classes


def label_notes(path: Path, label: np.ndarray) -> tuple[Note, ...]:
    """A note if ``mapped_label`` rounds values, with the largest difference."""
    moved = float(np.abs(label - np.rint(label)).max())
    return (Note("labels", ROUNDED.format(moved), path),) if moved else ()

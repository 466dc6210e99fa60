"""Converting a raw case to nnU-Net's raw layout, in the scratch folder.

Cases that already have one NIfTI file per channel, and the card's label values, are read in place.
nnU-Net's converters process whole datasets at once, can't resume after an interruption, and
silently drop unknown label values; so each case goes through ``convert_case`` instead. Where
nnU-Net 2.8.1 has a suitable converter (Dataset027_ACDC, Dataset119_ToothFairy2_All), a test
compares ours with its result.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnactive.data.cards import Card
from nnactive.data.raw.files.formats import NIFTI
from nnactive.data.raw.grids import check_geometry
from nnactive.data.raw.images import (
    read_image,
    volume_of,
    with_geometry_of,
    write_image,
)
from nnactive.data.raw.layout import Found, case_in, channel_suffixes
from nnactive.data.raw.loading import check_images, mapped_label
from nnactive.data.raw.script import load_script, script_errors
from nnactive.errors import UserError

if TYPE_CHECKING:
    import SimpleITK

ENDING = ".nii.gz"


@dataclass(frozen=True)
class Converted:
    """One case as nnU-Net expects it, but with the label values of the raw file."""

    images: tuple["SimpleITK.Image", ...]
    """One per channel."""
    label: "SimpleITK.Image"


def is_needed(card: Card) -> bool:
    """Whether the raw files of a dataset have to be converted."""
    return bool(card.label_map) or not card.source.ending.endswith(NIFTI) or makes_images(card)


def makes_images(card: Card) -> bool:
    """Whether the dataset's ``convert.py`` makes images that no raw file holds."""
    return card.converter is not None and hasattr(load_script(card.converter, "find"), "convert")


def converted_files(case: str, card: Card, folder: Path) -> Found:
    """Converted files of a case, in nnU-Net's raw layout."""
    return case_in(folder, case, channel_suffixes(len(card.channels), ENDING), ENDING)


def convert_case(found: Found, card: Card, folder: Path) -> Found:
    """Convert one case, unless that is already done.

    Images keep their type and geometry; the label becomes uint8 with the card's values and the
    geometry of the first image.

    Args:
        found: the raw files.
        card: the dataset's card.
        folder: the converted cases' folder.

    Returns:
        The converted files.

    Raises:
        UserError: for everything that ``load_case`` refuses; names the raw file.
    """
    target = converted_files(found.id, card, folder)
    if target.label.is_file():
        return target
    made = as_converted(found, card)
    label = volume_of(made.label)
    check_images(found, [volume_of(image) for image in made.images], label)
    values = mapped_label(found.label, label.array, found.values(card))
    for path, image in zip(target.files, made.images, strict=True):
        write_image(path, image)
    # Last, because its presence marks the case as done.
    write_image(target.label, with_geometry_of(made.images[0], values))
    return target


def subtract(minuend: Path, subtrahend: Path) -> "SimpleITK.Image":
    """Difference of two images of int16 values, as int16, in the place of the second one.

    Raises:
        UserError: a file is unreadable, the grids differ, or a value or difference exceeds
            int16.
    """
    later, earlier = read_image(minuend), read_image(subtrahend)
    check_geometry(minuend, volume_of(later), subtrahend, volume_of(earlier))
    values = (_as_int16(minuend, later), _as_int16(subtrahend, earlier))
    difference = values[0].astype(np.int32) - values[1]
    _check_int16(minuend, difference, f"minus {subtrahend.name} ")
    return with_geometry_of(earlier, difference.astype(np.int16))


def _as_int16(path: Path, image: "SimpleITK.Image") -> np.ndarray:
    import SimpleITK

    array: np.ndarray = SimpleITK.GetArrayFromImage(image)
    _check_int16(path, array)
    return array.astype(np.int16)


def _check_int16(path: Path, array: np.ndarray, what: str = "") -> None:
    limits = np.iinfo(np.int16)
    low, high = array.min(), array.max()
    if not (limits.min <= low and high <= limits.max):
        raise UserError(
            f"{path}: {what}has values {low:g} to {high:g}, outside {limits.min} to {limits.max}; "
            "replace it"
        )


def as_converted(found: Found, card: Card) -> Converted:
    """One case's images and label as the dataset's ``convert.py`` makes them, or as they are.

    Raises:
        UserError: a file is unreadable, or the script fails; names it.
    """
    if card.converter is None or found.ready:
        return _unconverted(found)
    script = load_script(card.converter, "find")
    if not hasattr(script, "convert"):
        return _unconverted(found)
    with script_errors(card.converter, "convert"):
        made = script.convert(found, card)
    if not isinstance(made, Converted) or len(made.images) != len(card.channels):
        raise UserError(
            f"{card.converter}: 'convert' must return a Converted with {len(card.channels)} "
            f"images, one per channel of the card; fix it"
        )
    return made


def _unconverted(found: Found) -> Converted:
    return Converted(tuple(read_image(path) for path in found.files), read_image(found.label))

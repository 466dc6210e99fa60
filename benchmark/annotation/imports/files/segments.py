"""Segmentations of 3D Slicer (``.seg.nrrd``): labels by the segments' names, not their numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmark.annotation.imports.files.names import counted
from benchmark.annotation.imports.files.wrong import WrongLabelsError

if TYPE_CHECKING:
    import SimpleITK

TWICE: Final = 255
"""Value of a voxel that is in two segments; no project has so many classes."""
LARGEST: Final = 65535
"""Largest value of a segment."""
UNKNOWN: Final = 254
"""Value of a segment that is no class."""
UNNAMED: Final = 253
"""Value of a voxel that is in no segment, and yet isn't background."""
SAVE_AGAIN: Final = "save it again in 3D Slicer, or export it as a label map (.nii.gz)"
NAME: Final = re.compile(r"Segment(\d+)_Name")


@dataclass(frozen=True)
class Segment:
    """One segment of a file."""

    name: str
    value: int
    layer: int


def segments_in(image: "SimpleITK.Image") -> tuple[Segment, ...]:
    """The segments that a file names, in its order; none: it is an ordinary label map.

    Raises:
        WrongLabelsError: a segment's value or layer isn't a number that it can have.
    """
    keys = image.GetMetaDataKeys()
    numbers = sorted(int(match[1]) for key in keys if (match := NAME.fullmatch(key)))

    def field(number: int, name: str, default: str) -> str:
        key = f"Segment{number}_{name}"
        return str(image.GetMetaData(key)) if key in keys else default

    return tuple(
        Segment(
            field(n, "Name", "").strip(),
            _number(field(n, "LabelValue", str(n + 1)), 1),
            _number(field(n, "Layer", "0"), 0),
        )
        for n in numbers
    )


def from_segments(
    layers: np.ndarray, segments: Sequence[Segment], names: Mapping[str, int]
) -> np.ndarray:
    """Labels by the segments' names, uint8 ``(Z, Y, X)``; `TWICE` where two classes overlap.

    Args:
        layers: ``(Z, Y, X, L)``, as stored.
        segments: the file's.
        names: label by name, in small letters; the highest one gives way to all others.

    Raises:
        WrongLabelsError: a segment with voxels has a name that is no class, or voxels are of no
            segment or of several.
    """
    beyond = [each.name for each in segments if each.layer >= layers.shape[3]]
    if beyond and layers.any():
        raise WrongLabelsError(f"lacks the layer of the segment '{beyond[0]}'; {SAVE_AGAIN}")
    found: np.ndarray | None = None
    for number in range(layers.shape[3]):
        mine = [each for each in segments if each.layer == number]
        here = _one_layer(layers[..., number], mine, names)
        found = here if found is None else _over(found, here, max(names.values()))
    assert found is not None  # noqa: S101  (an image has at least one value per voxel)
    return found


def _one_layer(
    layer: np.ndarray, segments: Sequence[Segment], names: Mapping[str, int]
) -> np.ndarray:
    """Labels of the segments of one layer, which don't overlap; uint8 ``(Z, Y, X)``."""
    low, high = int(layer.min()), int(layer.max())
    if low < 0 or high > LARGEST:
        raise WrongLabelsError(f"has values from {low} to {high}; save the segmentation again")
    table = np.full(LARGEST + 1, UNNAMED, np.uint8)
    table[0] = 0
    # Who removes the segment outside the patch may leave its voxels: they are as locked as before.
    table[max(names.values())] = max(names.values())
    segments = [each for each in segments if each.value <= LARGEST]
    owners: dict[int, Segment] = {}
    for each in segments:
        label = names.get(each.name.lower(), UNKNOWN)
        owner = owners.setdefault(each.value, each)
        if owner is not each and table[each.value] != label and (layer == each.value).any():
            raise WrongLabelsError(
                f"has the segments '{owner.name}' and '{each.name}' under one value, "
                f"{each.value}, so that they can't be told apart; {SAVE_AGAIN}"
            )
        table[each.value] = label
    found: np.ndarray = table[layer]
    if (count := int((found == UNNAMED).sum())) > 0:
        value = layer[found == UNNAMED][0]
        raise WrongLabelsError(
            f"has {counted(count, 'voxel')} of no segment (the first has the value {value}); add "
            "the segment, or export a label map (.nii.gz)"
        )
    for each in segments:
        if table[each.value] == UNKNOWN and (layer == each.value).any():
            wanted = ", ".join(n for n, value in names.items() if value < max(names.values()))
            raise WrongLabelsError(
                f"has the segment '{each.name}', which is no class; rename it to one of {wanted}, "
                "or delete it"
            )
    return found


def _over(below: np.ndarray, above: np.ndarray, ignore: int) -> np.ndarray:
    """Two layers as one: what isn't labelled gives way to any class."""
    blank, weak = below == 0, below == ignore
    twice = ~blank & ~weak & (above != 0) & (above != ignore) & (above != below)
    found = np.where(blank | (weak & (above != 0)), above, below)
    found[twice] = TWICE
    return found


def _number(text: str, least: int) -> int:
    """A segment's value or layer; a value of 0 would be the background's."""
    if not text.strip().isdecimal() or int(text) < least:
        raise WrongLabelsError(f"gives a segment the value or layer '{text}'; {SAVE_AGAIN}")
    return int(text)

"""Segmentations of 3D Slicer (``.seg.nrrd``): labels by the segments' names, not their numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmark.annotation.imports.files.wrong import WrongLabelsError

if TYPE_CHECKING:
    import SimpleITK

TWICE: Final = 255
"""Value of a voxel that is in two segments; no project has so many classes."""
NAME: Final = re.compile(r"Segment(\d+)_Name")


@dataclass(frozen=True)
class Segment:
    """One segment of a file."""

    name: str
    value: int
    layer: int


def segments_in(image: "SimpleITK.Image") -> tuple[Segment, ...]:
    """The segments that a file names, in its order; none: it is an ordinary label map."""
    keys = image.GetMetaDataKeys()
    numbers = sorted(int(match[1]) for key in keys if (match := NAME.fullmatch(key)))

    def field(number: int, name: str, default: str) -> str:
        key = f"Segment{number}_{name}"
        return str(image.GetMetaData(key)) if key in keys else default

    return tuple(
        Segment(
            field(n, "Name", "").strip(),
            _number(field(n, "LabelValue", ""), n + 1),
            _number(field(n, "Layer", ""), 0),
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
        WrongLabelsError: a segment with voxels has a name that is no class.
    """
    found = np.zeros(layers.shape[:3], np.uint8)
    ignore = max(names.values())
    known = [(each, names.get(each.name.lower())) for each in segments]
    # The ignored outside first, so that it covers no class.
    for segment, label in sorted(known, key=lambda pair: pair[1] != ignore):
        if segment.layer >= layers.shape[3]:
            continue
        mask = layers[..., segment.layer] == segment.value
        if label is None and mask.any():
            wanted = ", ".join(name for name, value in names.items() if value < ignore)
            raise WrongLabelsError(
                f"has the segment '{segment.name}', which is no class; rename it to one of "
                f"{wanted}, or delete it"
            )
        if label is None:
            continue
        taken = mask & (found != 0) & (found != ignore) & (found != label)
        found[mask] = label
        found[taken] = TWICE
    return found


def _number(text: str, default: int) -> int:
    return int(text) if text.strip().isdigit() else default

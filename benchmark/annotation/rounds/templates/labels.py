"""Label maps to be filled: locked outside the patches, a draft or background inside."""

from collections.abc import Sequence

import numpy as np

from benchmark.annotation.rounds.layout import within
from nnactive.data.prepared import array_digest
from nnactive.data.unlabelled import mapping
from nnactive.data.unlabelled.source import Box, Source


def template(
    source: Source, crop: Box, boxes: Sequence[Box], ignore: int, predicted: np.ndarray | None
) -> np.ndarray:
    """A label map of a crop, uint8 ``(Z, Y, X)``.

    Args:
        source: of the case.
        crop: what it covers, in the file's grid.
        boxes: what is to be labelled, in the file's grid.
        ignore: the value elsewhere.
        predicted: classes in the prepared grid, as a draft; None: background.
    """
    label = np.full(crop.size, ignore, np.uint8)
    for box in boxes:
        inside = within(crop, box).slices
        label[inside] = 0 if predicted is None else mapping.to_file(source, predicted, box)
    return label


def digest(label: np.ndarray, crop: Box, box: Box) -> str:
    """Of what a template holds inside a box, by which an import tells whether it was touched."""
    return array_digest(np.ascontiguousarray(label[within(crop, box).slices]))

"""Label maps to be filled: locked outside the patches, a draft or background inside."""

from collections.abc import Sequence

import numpy as np

from benchmark.annotation.rounds.layout import within
from nnactive.data.prepared import array_digest
from nnactive.data.unlabelled import mapping
from nnactive.data.unlabelled.source import Box, Source


def drafted(source: Source, crop: Box, predicted: np.ndarray | None) -> np.ndarray:
    """A draft of all of a crop's labels, uint8 ``(Z, Y, X)``.

    Args:
        source: of the case.
        crop: what it covers, in the file's grid.
        predicted: classes in the prepared grid; None: all is background.
    """
    if predicted is None:
        return np.zeros(crop.size, np.uint8)
    return mapping.to_file(source, predicted, crop)


def template(draft: np.ndarray, crop: Box, boxes: Sequence[Box], ignore: int) -> np.ndarray:
    """The label map that is to be filled, uint8 ``(Z, Y, X)``.

    Args:
        draft: of the crop.
        crop: what that covers, in the file's grid.
        boxes: what is to be labelled, in the file's grid.
        ignore: the value elsewhere.
    """
    label = np.full(crop.size, ignore, np.uint8)
    for box in boxes:
        inside = within(crop, box).slices
        label[inside] = draft[inside]
    return label


def digest(label: np.ndarray, crop: Box, box: Box) -> str:
    """Of what a template holds inside a box, by which an import tells whether it was touched."""
    return array_digest(np.ascontiguousarray(label[within(crop, box).slices]))

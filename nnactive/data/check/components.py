"""The size of each class's largest structure in a label map."""

from typing import Final

import numpy as np

CONNECTIVITY: Final = 26
"""Voxels that share only a corner are connected (our choice: the papers don't say)."""


def largest_boxes(label: np.ndarray, classes: int) -> np.ndarray:
    """Bounding box of each foreground class's largest connected component, in voxels.

    Args:
        label: ``(Z, Y, X)``, values 0 .. classes - 1.
        classes: number of classes with background.

    Returns:
        Float64 ``(F, 3)``, extents (z, y, x); NaN for classes that the case lacks.
    """
    import cc3d

    kind = np.min_scalar_type(classes)
    # Only neighbours with equal labels are connected, so this covers all classes at once.
    parts = cc3d.connected_components(label.astype(kind), connectivity=CONNECTIVITY)
    found = cc3d.statistics(parts)
    counts, boxes = found["voxel_counts"], found["bounding_boxes"]
    owner = np.zeros(len(counts), int)
    for some_parts, some_labels in zip(parts, label, strict=True):
        owner[some_parts] = some_labels
    extents = np.full((classes - 1, 3), np.nan)
    for label_value in range(1, classes):
        members = np.flatnonzero(owner == label_value)
        if members.size:
            box = boxes[members[np.argmax(counts[members])]]
            extents[label_value - 1] = [axis.stop - axis.start for axis in box]
    return extents

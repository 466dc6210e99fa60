"""Measuring the size of each class's structures in label maps, one case at a time."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nnactive.data.cards import Card
from nnactive.data.prepared import PreparedDataset
from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.images import read_header, read_volume
from nnactive.data.raw.layout import Found
from nnactive.data.raw.loading import mapped_label
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.nnunet.planning import describe, target_geometry

CONNECTIVITY: Final = 26
"""Voxels that share only a corner are connected (our choice: the papers don't say)."""


@dataclass(frozen=True)
class Boxes:
    """Measurements of a dataset."""

    cases: tuple[np.ndarray, ...]
    """For each case ``(F, 3)``, extents (z, y, x) in voxels at ``spacing``; NaN for classes that
    it lacks."""
    spacing: Spacing
    """mm, (z, y, x), of the resampled image."""
    shapes: dict[str, Triple]
    """``(Z, Y, X)`` of each case's resampled image, pool and test, in the order of ``cases``; for
    raw data that of the whole image, before it is cropped."""

    def present(self, case: str) -> tuple[int, ...]:
        """Labels in a case, background included."""
        boxes = self.cases[list(self.shapes).index(case)]
        return (0, *(np.flatnonzero(~np.isnan(boxes[:, 0])) + 1).tolist())


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


def prepared_boxes(card: Card, dataset: PreparedDataset, progress: Progress) -> Boxes:
    """Measure a prepared dataset, pool and test cases alike.

    Raises:
        UserError: it was prepared from another card, or a volume is unreadable.
    """
    info = dataset.info
    if info.source != card.preparation_hash():
        raise UserError(
            f"{dataset.folder}: prepared from another card or version of the dataset; "
            "remove that folder and prepare it again"
        )
    pool = {case.id for case in info.pool}
    cases = sorted(case.id for case in (*info.pool, *info.test))
    found = []
    shapes = {case: dataset.shape(case) for case in cases}
    for case in tracked(progress, "measure", cases, len(cases)):
        label = dataset.pool_label(case) if case in pool else dataset.test_label(case)
        found.append(largest_boxes(label, len(info.classes)))
    return Boxes(tuple(found), info.spacing, shapes)


def raw_boxes(card: Card, cases: list[Found], progress: Progress) -> Boxes:
    """Measure raw label maps; sizes are scaled to the spacing that a preparation would use.

    No image is opened: if the card leaves the spacing to nnU-Net, the sizes of the label maps
    replace those of the images cropped to non-zero.

    Args:
        card: the dataset's card.
        cases: the result of ``scan``.
        progress: receives every case that was measured.

    Raises:
        UserError: a label map is unreadable, or has a value that is not the card's.
    """
    target, transpose = _target(card, cases)
    found, shapes = [], {}
    for case in tracked(progress, "measure", cases, len(cases)):
        volume = read_volume(case.label)
        label = mapped_label(case.label, volume.array, card.raw_labels)
        millimetres = largest_boxes(label, len(card.classes)) * np.array(volume.spacing)
        found.append(millimetres[:, transpose] / np.array(target))
        extent = (np.array(label.shape) * volume.spacing)[list(transpose)]
        shapes[case.id] = as_triple(np.maximum(np.rint(extent / target), 1))
    return Boxes(tuple(found), target, shapes)


def _target(card: Card, cases: list[Found]) -> tuple[Spacing, Triple]:
    """Spacing (z, y, x) after the transposition, and the transposition."""
    headers: list[tuple[Triple, Spacing]] = [((1, 1, 1), card.spacing)] if card.spacing else []
    headers = headers or [read_header(case.label) for case in cases]
    description = describe(card.classes, list(card.channels.values()), len(cases))
    shapes, spacings = zip(*headers, strict=True)
    return target_geometry(card.nnunet_name, description, spacings, shapes)

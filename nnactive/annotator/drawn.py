"""The labels that patches get: the pool's, or those of an annotator who errs (section 2)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnactive.annotator.boundary import Displacement, displaced
from nnactive.annotator.components import without_missed
from nnactive.geometry import Patch
from nnactive.labels import partial_label
from nnactive.settings import Annotator
from nnactive.streams import stream

if TYPE_CHECKING:
    from nnactive.data.prepared import PreparedDataset


def drawn_labels(
    dataset: "PreparedDataset",
    annotator: Annotator | None,
    seed: int,
    case: str,
    patches: Sequence[Patch],
) -> np.ndarray:
    """A case's label map with labels inside the patches only; int16 ``(Z, Y, X)``.

    Errors are named by dataset, case, class and seed: a voxel gets the same label in every loop, in
    whichever patch it lies and whichever method queries it.

    Args:
        dataset: the prepared dataset.
        annotator: whose errors the labels have; None: none.
        seed: the experiment's seed.
        case: one of the pool.
        patches: its labelled patches.
    """
    label, classes = dataset.pool_label(case), dataset.info.classes
    if annotator is None:
        return partial_label(label, patches, len(classes))
    names, spacing = ("annotator", dataset.info.name, case, seed), dataset.info.spacing

    def missed(value: int, first: int) -> bool:
        draw = stream(*names, "missed", classes[value], first).random()
        return bool(draw < annotator.missed_share)

    if annotator.missed_share:
        label = without_missed(label, spacing, annotator.missed_below_mm3, missed)
    field = Displacement.drawn(
        dataset.shape(case),
        spacing,
        annotator.boundary_sd_mm,
        annotator.boundary_length_mm,
        stream(*names, "boundary"),
    )
    partial = partial_label(label, (), len(classes))
    for patch in patches:
        partial[patch.slices] = displaced(label, patch, field)
    return partial

"""Pictures of what the ensemble predicts: where it changed most, first."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmark.annotation.agreement.read import Agreement
from benchmark.annotation.predictions import Predicted
from benchmark.pictures.scenes import shades
from benchmark.show.page import Figure
from benchmark.show.planes import Plane, plane_figure
from nnactive.anatomy.views import views
from nnactive.data.prepared import PreparedDataset

MOST: Final = 6
"""Images that are shown."""


def shown_cases(agreement: Agreement, predicted: Predicted, before: Predicted | None) -> list[str]:
    """Images to show, those whose labels changed most since the round before first.

    Args:
        agreement: gives the images that are compared.
        predicted: by the newest ensemble.
        before: by the one before; None: there is none.
    """
    known = [case for case in agreement.watched if predicted.has(case)]
    if before is None:
        return known[:MOST]
    changed = {
        case: int((predicted.labels(case) != before.labels(case)).sum())
        for case in known
        if before.has(case)
    }
    return sorted(known, key=lambda case: (-changed.get(case, -1), case))[:MOST]


def figures(
    dataset: PreparedDataset, predicted: Predicted, before: Predicted | None, cases: Sequence[str]
) -> list[Figure]:
    """Three planes of each image: with the labels of the round before, if any, and the newest."""
    found = []
    for case in cases:
        image, labels = shades(dataset, dataset.image(case)[0]), predicted.labels(case)
        first: tuple[str, np.ndarray | None] = ("image", None)
        if before is not None and before.has(case):
            first = ("round before", before.labels(case))
        maps = (first, ("prediction", labels))
        for view in views(dataset.toward(case)):
            plane = Plane.of(view, labels, dataset.info.spacing)
            pictures = [plane.drawn(image, each) for _, each in maps]
            names = [name for name, _ in maps]
            made = plane_figure(view, plane.at, case, pictures, names, names)
            found.append(Figure(f"{case}, {view.name}", made.text, made.pictures))
    return found

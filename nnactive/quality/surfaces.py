"""Surfaces of a segmentation beside its reference: surface Dice and the 95th-percentile distance.

A file holds areas and distances, from which both follow, so that another average or another choice
of classes needs no new prediction. Definitions: Metrics Reloaded
(DOI 10.1038/s41592-023-02151-z).
"""

from typing import TYPE_CHECKING

from nnactive.io.models import Frozen

if TYPE_CHECKING:
    import numpy as np

Table = tuple[tuple[float, ...], ...]
"""``[foreground class][test case]``."""


class Surfaces(Frozen):
    """Areas and distances on the resampled grid, ``[foreground class][test case]``."""

    tolerances: tuple[float, ...]
    """In mm, ascending."""
    reference: Table
    """Area of the reference's surface in mm²."""
    predicted: Table
    """Area of the prediction's surface in mm²."""
    reference_near: tuple[Table, ...]
    """Of it, the part within each tolerance of the prediction's surface."""
    predicted_near: tuple[Table, ...]
    """Of it, the part within each tolerance of the reference's surface."""
    hausdorff95: tuple[tuple[float | None, ...], ...]
    """95th-percentile Hausdorff distance in mm; None where either surface is empty."""
    diagonals: tuple[float, ...]
    """Length of each test image's diagonal in mm: no distance in it is longer."""


def surface_dice(surfaces: Surfaces) -> "np.ndarray":
    """Surface Dice (NSD) by tolerance and foreground class, mean over cases; shape ``(T, F)``.

    A case in which neither reference nor prediction has the class is left out; one that only one of
    them has counts 0. NaN for a class that no reference has, as for Dice.
    """
    import numpy as np

    areas, known, cases = _cases(surfaces)
    near = np.array([surfaces.reference_near, surfaces.predicted_near]).sum(axis=0)
    mean = (near / np.where(areas > 0, areas, 1)).sum(axis=2) / np.maximum(cases, 1)
    return np.where(known, mean, np.nan)


def hausdorff95(surfaces: Surfaces) -> "np.ndarray":
    """95th-percentile Hausdorff distance in mm by foreground class, mean over cases; ``(F,)``.

    A case in which neither has the class is left out; one that only one of them has counts the
    image's diagonal. NaN for a class that no reference has.
    """
    import numpy as np

    areas, known, cases = _cases(surfaces)
    # None becomes NaN.
    furthest = np.array(surfaces.hausdorff95, dtype=np.float64)
    each = np.where(np.isnan(furthest), np.array(surfaces.diagonals), furthest)
    mean = np.where(areas > 0, each, 0).sum(axis=1) / np.maximum(cases, 1)
    return np.where(known, mean, np.nan)


def _cases(surfaces: Surfaces) -> "tuple[np.ndarray, np.ndarray, np.ndarray]":
    """Area of both surfaces, whether a reference has the class, in how many cases either has it."""
    import numpy as np

    reference, predicted = np.array([surfaces.reference, surfaces.predicted])
    areas = reference + predicted
    return areas, (reference > 0).any(axis=1), (areas > 0).sum(axis=1)

"""How far the ensemble's probabilities hold: expected calibration error on the test set.

Guo et al. 2017, On Calibration of Modern Neural Networks (arXiv 1706.04599). A voxel's confidence
is the mean over the members of their softmax probability of its label. Uncertainty scores are
computed from the same mean.
"""

from nnactive.io.models import Frozen

BINS = 15
"""As in Guo et al."""


class Reliability(Frozen):
    """Voxels by confidence, in bins of equal width from 0 to 1; all test cases together."""

    voxels: tuple[int, ...]
    confidence: tuple[float, ...]
    """Sum of the confidence of a bin's voxels."""
    correct: tuple[int, ...]
    """Voxels whose label is the reference's."""


class Calibration(Frozen):
    """Reliability on the test set."""

    everywhere: Reliability
    """Over all voxels, most of which are background in most datasets."""
    foreground: Reliability
    """Over voxels that are foreground in the reference or in the segmentation."""


def calibration_error(calibration: Calibration) -> float | None:
    """Expected calibration error over all voxels of the test set, in [0, 1]; None without any."""
    return expected_error(calibration.everywhere)


def foreground_calibration_error(calibration: Calibration) -> float | None:
    """Likewise over voxels that are foreground in the reference or in the segmentation."""
    return expected_error(calibration.foreground)


def expected_error(bins: Reliability) -> float | None:
    """Mean distance between confidence and accuracy of the bins, weighted by their voxels.

    >>> expected_error(Reliability(voxels=(10, 10), confidence=(4.0, 9.0), correct=(4, 7)))
    0.1
    """
    total = sum(bins.voxels)
    if not total:
        return None
    gaps = (abs(sure - right) for sure, right in zip(bins.confidence, bins.correct, strict=True))
    return sum(gaps) / total

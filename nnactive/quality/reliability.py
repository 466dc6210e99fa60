"""Counting a test case's voxels by confidence."""

from collections.abc import Sequence

import numpy as np

from nnactive.quality.calibration import BINS, Calibration, Reliability

AT_ONCE = 2**16
"""Voxels counted together: what stays in the processor's cache."""
GROUPS = 4
"""Of voxels: wrong or right, times background in both label maps or not."""
Table = np.ndarray


def count_reliability(
    reference: np.ndarray, predicted: np.ndarray, confidence: np.ndarray
) -> Table:
    """Voxels and sums of confidence by bin.

    Args:
        reference: labels ``(Z, Y, X)``, 0 is background.
        predicted: likewise.
        confidence: probability of the predicted label, in [0, 1], likewise.

    Returns:
        float64 ``(3, 2, BINS)``: voxels, confidence and right voxels; of all voxels, and of those
        that are foreground in either map. Whole numbers below 2**53 are exact.
    """
    voxels, sure = np.zeros(GROUPS * BINS), np.zeros(2 * BINS)
    flat = reference.reshape(-1), predicted.reshape(-1), confidence.reshape(-1)
    for first in range(0, reference.size, AT_ONCE):
        wanted, found, each = (values[first : first + AT_ONCE] for values in flat)
        bins = np.minimum((each * BINS).astype(np.intp), BINS - 1)
        bins += BINS * ((wanted != 0) | (found != 0))
        sure += np.bincount(bins, each, minlength=2 * BINS)
        bins += 2 * BINS * (wanted == found)
        voxels += np.bincount(bins, minlength=GROUPS * BINS)
    wrong, right = voxels.reshape(2, 2, BINS)
    table = np.stack([wrong + right, sure.reshape(2, BINS), right])
    table[:, 0] += table[:, 1]
    return table


def calibration_of(tables: Sequence[Table]) -> Calibration:
    """The reliability over all cases, from their tables."""
    everywhere, foreground = (
        Reliability(
            voxels=tuple(int(n) for n in voxels),
            confidence=tuple(round(float(each), 3) for each in sure),
            correct=tuple(int(n) for n in right),
        )
        for voxels, sure, right in np.sum(tables, axis=0).transpose(1, 0, 2)
    )
    return Calibration(everywhere=everywhere, foreground=foreground)

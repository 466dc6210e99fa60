"""STAND-INS for surfaces and calibration: made up from voxel counts, and consistent with them."""

import numpy as np

from benchmark.results import Counts
from nnactive.quality.calibration import BINS, Calibration, Reliability
from nnactive.quality.surfaces import Surfaces

TOLERANCES = (1.0, 2.0)
DIAGONAL = 100.0
AREA = 0.5
"""In mm² for each voxel."""
NEAR = (0.8, 0.9)
"""Of Dice, within each tolerance."""
VOXELS = 10**9
"""Of the test set."""


def made_up_surfaces(counts: Counts) -> Surfaces:
    """The better the Dice, the more of a surface is near, and the shorter the distance."""
    hits, wrong, missed = (np.asarray(rows, dtype=np.float64) for _, rows in counts)
    reference, predicted = AREA * (hits + missed), AREA * (hits + wrong)
    total = 2 * hits + wrong + missed
    dice = 2 * hits / np.where(total > 0, total, 1)
    shares = [np.where(dice == 1, 1, share * dice) for share in NEAR]
    both = (reference > 0) & (predicted > 0)
    furthest = np.where(dice == 1, 0, 3 + 20 * (1 - dice))
    return Surfaces(
        tolerances=TOLERANCES,
        reference=_rows(reference),
        predicted=_rows(predicted),
        reference_near=tuple(_rows(reference * share) for share in shares),
        predicted_near=tuple(_rows(predicted * share) for share in shares),
        hausdorff95=tuple(
            tuple(round(value, 3) if known else None for value, known in zip(*row, strict=True))
            for row in zip(furthest.tolist(), both.tolist(), strict=True)
        ),
        diagonals=(DIAGONAL,) * reference.shape[1],
    )


def made_up_calibration(counts: Counts) -> Calibration:
    """All right voxels in the last bin and all wrong ones in one further down."""
    hits, more, less = (np.asarray(rows, dtype=np.int64).sum(axis=0) for _, rows in counts)
    wrong = int((np.maximum(more, less) + more + less).sum()) // 2
    right = int(hits.sum())
    return Calibration(everywhere=_bins(VOXELS - wrong, wrong), foreground=_bins(right, wrong))


def _bins(right: int, wrong: int) -> Reliability:
    voxels, correct = [0] * BINS, [0] * BINS
    voxels[-1] = correct[-1] = right
    voxels[BINS // 2] = wrong
    middle = [(n + 0.5) / BINS for n in range(BINS)]
    return Reliability(
        voxels=tuple(voxels),
        confidence=tuple(round(n * each, 3) for n, each in zip(voxels, middle, strict=True)),
        correct=tuple(correct),
    )


def _rows(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(f"{value:.5g}") for value in row) for row in values)

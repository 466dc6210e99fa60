import numpy as np
import pytest
from support import peak_growth

from nnactive.quality.calibration import (
    BINS,
    Calibration,
    Reliability,
    calibration_error,
    expected_error,
    foreground_calibration_error,
)
from nnactive.quality.reliability import calibration_of, count_reliability

NOTHING = Reliability(voxels=(0,) * 3, confidence=(0.0,) * 3, correct=(0,) * 3)


def test_the_error_is_that_of_a_definition_voxel_by_voxel() -> None:
    rng = np.random.default_rng(0)
    shape = (60, 50, 40)  # more voxels than are counted together
    reference, predicted = rng.integers(0, 3, (2, *shape)).astype(np.int16)
    predicted = np.where(rng.random(shape) < 0.7, reference, predicted)
    confidence = rng.random(shape, dtype=np.float32)
    found = calibration_of([count_reliability(reference, predicted, confidence)])

    def plain(where: np.ndarray) -> float:
        sure, right = confidence[where].astype(float), (reference == predicted)[where]
        number = np.minimum(np.floor(sure * BINS), BINS - 1)
        gaps = [
            abs(sure[number == n].mean() - right[number == n].mean()) * (number == n).mean()
            for n in range(BINS)
            if (number == n).any()
        ]
        return float(sum(gaps))

    foreground = (reference > 0) | (predicted > 0)
    everywhere = np.ones(shape, dtype=bool)
    assert calibration_error(found) == pytest.approx(plain(everywhere), abs=1e-6)
    assert foreground_calibration_error(found) == pytest.approx(plain(foreground), abs=1e-6)
    assert sum(found.everywhere.voxels) == reference.size
    assert sum(found.foreground.voxels) == foreground.sum()


def test_cases_are_counted_together() -> None:
    ones = np.ones((2, 2, 2), dtype=np.int16)
    sure, unsure = np.full(ones.shape, 1.0), np.full(ones.shape, 0.5)
    tables = [count_reliability(ones, 0 * ones, sure), count_reliability(ones, ones, unsure)]
    found = calibration_of(tables).foreground
    assert (found.voxels[BINS // 2], found.voxels[-1]) == (8, 8)
    assert (found.correct[BINS // 2], found.correct[-1]) == (8, 0)
    # All wrong and sure of it, and all right and half sure.
    assert expected_error(found) == (1 + 0.5) / 2


def test_wrong_background_counts_as_foreground_and_right_background_does_not() -> None:
    reference = np.array([[[0, 0, 1, 1]]])
    predicted = np.array([[[0, 1, 0, 1]]])
    found = calibration_of([count_reliability(reference, predicted, np.full((1, 1, 4), 0.9))])
    assert (sum(found.everywhere.voxels), sum(found.foreground.voxels)) == (4, 3)
    assert (sum(found.everywhere.correct), sum(found.foreground.correct)) == (2, 1)


def test_without_a_voxel_there_is_no_error() -> None:
    assert expected_error(NOTHING) is None
    assert calibration_error(Calibration(everywhere=NOTHING, foreground=NOTHING)) is None


def test_counting_needs_little_memory() -> None:
    labels = np.zeros((200, 100, 100), dtype=np.int16)
    sure = np.ones(labels.shape, dtype=np.float32)
    growth = peak_growth(lambda: count_reliability(labels, labels, sure))
    assert growth < labels.nbytes / 2**20

import numpy as np
import pytest

from benchmark.pictures.windows import window, windowed

CT = {"mean": 100.0, "std": 50.0, "percentile_00_5": -900.0, "percentile_99_5": 1000.0}


def test_ct_gets_the_abdominal_window_in_hounsfield_units():
    black, white = window("CT", CT, np.zeros(1))
    assert (black * 50 + 100, white * 50 + 100) == (-160, 240)


def test_ct_that_was_clipped_further_in_keeps_its_whole_range():
    black, white = window("ct", {**CT, "percentile_00_5": 0.0}, np.zeros(1))
    assert (black * 50 + 100, white * 50 + 100) == (0, 240)


@pytest.mark.parametrize("statistics", [{}, CT])
def test_mr_goes_by_percentiles_of_its_own(statistics):
    image = np.arange(1001.0)
    assert window("MRI", statistics, image) == pytest.approx((5, 995))


def test_shades_lie_between_black_and_white():
    assert windowed(np.array([-1.0, 0, 1, 2, 3]), 0, 2).tolist() == [0, 0, 0.5, 1, 1]
    assert windowed(np.array([1.0, 2]), 1, 1).tolist() == [0, 0]

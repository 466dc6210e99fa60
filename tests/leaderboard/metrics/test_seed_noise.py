import numpy as np
import pytest

from leaderboard.metrics.power import detectable_by_seed, detectable_difference
from leaderboard.metrics.seed_noise import noise_by_seed, noise_from_stds
from leaderboard.undefined import UndefinedMetricError


def test_what_a_seed_does_to_all_methods_is_no_noise():
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 1, (6, 5))
    shifted = scores + np.array([0, 50, -20, 3, 8])
    first, second = noise_by_seed([scores]), noise_by_seed([shifted])
    assert second.single == pytest.approx(first.single)
    assert (first.variance, first.freedom) == (pytest.approx(first.single / 5), 20)


def test_settings_add_up():
    rng = np.random.default_rng(2)
    settings = [rng.normal(0, sigma, (400, 3)) for sigma in (1.0, 2.0, 3.0)]
    found = noise_by_seed(settings)
    assert found.single == pytest.approx((1 + 4 + 9) / 9, rel=0.1)
    assert found.variance == pytest.approx(found.single / 3)
    # As many as the settings with the large variances have.
    assert 800 < found.freedom < 3 * 800


def test_it_is_the_noise_of_the_smallest_detectable_difference():
    rng = np.random.default_rng(3)
    settings = [rng.normal(0, 1, (5, 4)) for _ in range(3)]
    found = noise_by_seed(settings)
    # A difference of two methods has twice the variance.
    spread = [np.sqrt(2 * 3 * found.single)] * 3
    assert detectable_difference(spread, 4) == pytest.approx(detectable_by_seed(settings), rel=0.1)


def test_printed_deviations_count_methods_as_independent():
    found = noise_from_stds([[1.0, 2.0], [3.0, 3.0]], [4, 2])
    assert found.single == pytest.approx((2.5 + 9) / 4)
    assert found.variance == pytest.approx((2.5 / 4 + 9 / 2) / 4)
    assert 2 <= found.freedom <= 6 + 2


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        pytest.param(lambda: noise_by_seed([np.ones((3, 1))]), "at least 2 seeds", id="one seed"),
        pytest.param(lambda: noise_by_seed([np.ones((3, 2))]), "don't vary", id="no noise"),
        pytest.param(lambda: noise_by_seed([]), "no setting", id="nothing"),
        pytest.param(lambda: noise_from_stds([[1.0]], [1]), "at least 2 seeds", id="printed seed"),
        pytest.param(lambda: noise_from_stds([[np.nan]], [4]), "not known", id="not printed"),
    ],
)
def test_reasons(compute, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        compute()

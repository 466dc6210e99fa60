import numpy as np
import pytest
from scipy import stats

from leaderboard.metrics.method_spread import method_spread
from leaderboard.metrics.seed_noise import SeedNoise, noise_by_seed, noise_from_stds
from leaderboard.undefined import UndefinedMetricError


def test_one_printed_setting_is_a_one_way_analysis_of_variance():
    scores = np.random.default_rng(1).normal(0, 1, (5, 4)) + np.arange(5)[:, None] / 3
    noise = noise_from_stds([scores.std(axis=1, ddof=1).tolist()], [4])
    found = method_spread(scores.mean(axis=1), noise)
    assert found.p_value == pytest.approx(stats.f_oneway(*scores).pvalue)


def test_two_methods_with_the_same_seeds_are_a_paired_t_test():
    scores = np.random.default_rng(2).normal(0, 1, (2, 5)) + np.array([[0.0], [1.0]])
    found = method_spread(scores.mean(axis=1), noise_by_seed([scores]))
    assert found.p_value == pytest.approx(stats.ttest_rel(*scores).pvalue)


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "seeds"), [(1, 2), (1, 4), (6, 2), (6, 4)])
def test_equal_methods_are_found_to_differ_in_five_of_a_hundred_cases(settings, seeds):
    rng = np.random.default_rng([3, settings, seeds])
    scales = np.exp(0.7 * rng.standard_normal(settings))
    draws = rng.normal(0, 1, (2000, settings, 7, seeds)) * scales[:, None, None]
    # A method's luck in a seed is its own; the seed's luck is everybody's.
    draws += rng.normal(0, 5, (2000, settings, 1, seeds))
    found = [method_spread(d.mean(axis=(0, 2)), noise_by_seed([*d])).p_value for d in draws]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_the_spread_between_methods_is_without_that_of_their_means_noise():
    rng = np.random.default_rng(4)
    true = rng.normal(0, 2, 4000)
    scores = true[:, None] + rng.normal(0, 3, (4000, 4))
    found = method_spread(scores.mean(axis=1), noise_by_seed([scores]))
    assert found.between == pytest.approx(2, rel=0.05)
    assert found.seed == pytest.approx(3, rel=0.05)
    assert method_spread(np.array([1.0, 1.0]), SeedNoise(1.0, 1.0, 3.0)).between == 0


def test_one_method_is_no_comparison():
    with pytest.raises(UndefinedMetricError, match="2 methods"):
        method_spread(np.array([1.0]), SeedNoise(1.0, 1.0, 3.0))

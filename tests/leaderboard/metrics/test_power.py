"""What a comparison can detect, against simulated comparisons."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import nct
from scipy.stats import t as student

from leaderboard.metrics import (
    detectable_by_seed,
    detectable_difference,
    detectable_from_stds,
    rank_intervals,
)
from leaderboard.metrics.power import ONE_SEED, paired_spread
from leaderboard.undefined import UndefinedMetricError

DRAWS = 20_000


def share_found(difference, spread, settings, seeds, *, paired, rng):
    """Of simulated comparisons, those that find the difference with its right sign."""
    shape = (DRAWS, settings, seeds)
    if paired:
        sample = rng.normal(0, spread, shape)
        mean, variance, each = sample.mean(-1), sample.var(-1, ddof=1) / seeds, seeds - 1
    else:
        first, second = rng.normal(0, spread / math.sqrt(2), (2, *shape))
        mean = first.mean(-1) - second.mean(-1)
        variance = (first.var(-1, ddof=1) + second.var(-1, ddof=1)) / seeds
        each = 2 * (seeds - 1)
    statistic = (mean.mean(-1) + difference) / (np.sqrt(variance.sum(-1)) / settings)
    return (statistic > student.ppf(0.975, each * settings)).mean()


@pytest.mark.parametrize("paired", [True, False], ids=["paired", "unpaired"])
@pytest.mark.parametrize(("settings", "seeds"), [(1, 2), (1, 4), (1, 10), (3, 3), (24, 4)])
def test_simulated_comparisons_find_it_four_times_out_of_five(settings, seeds, paired):
    difference = detectable_difference([1.7] * settings, seeds, paired=paired)
    rng = np.random.default_rng([settings, seeds])
    found = share_found(difference, 1.7, settings, seeds, paired=paired, rng=rng)
    assert found == pytest.approx(0.8, abs=0.01)


def test_the_letters_test_finds_it_four_times_out_of_five():
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 1.2, (2000, 2, 2, 5)) + rng.normal(0, 3, (2000, 2, 1, 5))
    difference = detectable_difference([1.2 * math.sqrt(2)] * 2, 5)
    noise[:, :, 0] += difference
    found = np.mean([rank_intervals([*draw]).difference_low[0, 1] > 0 for draw in noise])
    # Of two equal spreads, Welch-Satterthwaite estimates fewer degrees of freedom than there are.
    assert found == pytest.approx(0.78, abs=0.02)


def test_its_power_is_the_noncentral_t_distributions():
    difference = detectable_difference([2.0], 6, power=0.9, alpha=0.01)
    critical, noncentral = student.ppf(0.995, 5), difference / (2 / math.sqrt(6))
    assert nct.sf(critical, 5, noncentral) == pytest.approx(0.9, abs=1e-6)


def test_a_pairs_noise_is_pooled_over_all_pairs():
    scores = np.random.default_rng(0).normal(70, 2, (5, 4))
    variances = [np.var(scores[i] - scores[j], ddof=1) for i, j in combinations(range(5), 2)]
    assert paired_spread(scores) == pytest.approx(math.sqrt(np.mean(variances)))
    # What all methods share with a seed is no noise.
    assert paired_spread(scores + np.array([0, 10, -7, 3])) == pytest.approx(paired_spread(scores))
    assert detectable_by_seed([scores, scores]) == pytest.approx(
        detectable_difference([paired_spread(scores)] * 2, 4)
    )


def test_published_spreads_are_pooled_within_a_setting():
    expected = detectable_difference([math.sqrt(2 * 2.5), 1.0], [4, 5], paired=False)
    assert detectable_from_stds([[1.0, 2.0], [0.5**0.5] * 3], [4, 5]) == pytest.approx(expected)


def test_more_seeds_and_more_settings_find_smaller_differences():
    by_seeds = [detectable_difference([1.0], seeds) for seeds in range(2, 12)]
    assert by_seeds == sorted(by_seeds, reverse=True)
    by_settings = [detectable_difference([1.0] * count, 3) for count in range(1, 12)]
    assert by_settings == sorted(by_settings, reverse=True)
    assert detectable_difference([3.0], 4) == pytest.approx(3 * detectable_difference([1.0], 4))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: detectable_difference([], 4), "no setting"),
        (lambda: detectable_difference([1.0], 1), ONE_SEED),
        (lambda: detectable_difference([1.0, 1.0], [4, 1]), ONE_SEED),
        (lambda: detectable_difference([0.0], 4), "don't vary"),
        (lambda: detectable_by_seed([np.ones((1, 4))]), "at least 2 methods"),
        (lambda: detectable_by_seed([np.ones((3, 1))]), ONE_SEED),
        (lambda: detectable_by_seed([np.array([[1, np.nan], [1, 2]])]), "seed is missing"),
        (lambda: detectable_from_stds([[]], 4), "not known"),
        (lambda: detectable_from_stds([[1.0, math.nan]], 4), "not known"),
    ],
    ids=[
        *("no setting", "one seed", "one seed in a setting", "no noise", "one method"),
        *("one seed of methods", "a gap", "no spread", "an unknown spread"),
    ],
)
def test_it_refuses(call, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        call()

"""The predicted agreement of a repeat, against repeats of simulated studies of known truth.

``docs/statistics.md`` states these figures.
"""

import numpy as np
import pytest
from scipy import stats

from leaderboard.metrics.ranks import ranks
from leaderboard.metrics.repeatability import (
    FEWEST_DRAWS,
    _draws,
    _taus,
    repeat_with_other_seeds,
    repeat_with_other_settings,
)
from leaderboard.metrics.seed_noise import SeedNoise, noise_by_seed
from leaderboard.undefined import UndefinedMetricError

STUDIES = 200


def generator(*names: int) -> np.random.Generator:
    return np.random.default_rng([17, *names])


def test_tau_is_kendalls_b_with_ties_in_the_ranking():
    rng = generator(1)
    places, scores = np.array([4, 1, 2, 2, 6, 4]), rng.normal(size=(20, 6))
    wanted = [stats.kendalltau(-places, row).statistic for row in scores]
    assert _taus(places, scores) == pytest.approx(np.array(wanted))


def predicted(methods, seeds, distance, *, compute):
    """Predictions of simulated studies, and the tau of each with a repeat of itself.

    ``distance`` is the standard deviation of the methods' true scores in those of a mean's noise.
    """
    rng = generator(2, methods, seeds, int(10 * distance))
    found, happened = [], []
    for _ in range(STUDIES):
        true = rng.normal(0, distance, (methods, 1))
        first, second = (
            true + rng.normal(0, np.sqrt(seeds), (methods, seeds)) + rng.normal(0, 9, seeds)
            for _ in range(2)
        )
        found.append(compute(first, rng))
        happened.append(stats.kendalltau(first.mean(axis=1), second.mean(axis=1)).statistic)
    return found, np.array(happened)


def ours(study, rng):
    return repeat_with_other_seeds(study.mean(axis=1), noise_by_seed([study]), rng)


def naive(study, rng):
    """Repeats about the observed means."""
    means, noise = study.mean(axis=1), noise_by_seed([study]).variance
    draws = means + np.sqrt(noise) * rng.standard_normal((200, len(means)))
    return _taus(np.array(ranks(means.tolist())), draws).mean()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("methods", "seeds", "distance", "bias"),
    [
        pytest.param(9, 4, 1.0, 0.05, id="9-methods-as-far-apart-as-noise"),
        pytest.param(9, 4, 2.0, 0.05, id="9-methods-twice-as-far"),
        pytest.param(9, 2, 4.0, 0.05, id="9-methods-far-apart-2-seeds"),
        pytest.param(5, 4, 2.0, 0.08, id="5-methods"),
        pytest.param(3, 4, 1.0, 0.1, id="3-methods"),
    ],
)
def test_what_is_expected_is_what_repeats_do(methods, seeds, distance, bias):
    found, happened = predicted(methods, seeds, distance, compute=ours)
    assert np.mean([each.tau for each in found]) == pytest.approx(happened.mean(), abs=bias)
    kept = np.mean([tau >= each.low for each, tau in zip(found, happened, strict=True)])
    assert kept >= 0.92


@pytest.mark.slow
def test_equal_methods_agree_by_chance_and_about_their_means_repeats_agree_too_well():
    found, happened = predicted(9, 4, 0.0, compute=ours)
    assert abs(happened.mean()) < 0.05
    assert 0.1 < np.mean([each.tau for each in found]) < 0.25
    told, happened = predicted(9, 4, 1.0, compute=naive)
    assert np.mean(told) - happened.mean() > 0.2


@pytest.mark.slow
def test_other_settings_vary_by_more_than_seeds():
    rng = generator(3)
    found, happened = [], []
    for _ in range(STUDIES):
        true = rng.normal(0, 0.7, 8)
        first, second = (true + rng.normal(0, 2, (12, 8)) for _ in range(2))
        found.append(repeat_with_other_settings(first, rng))
        happened.append(stats.kendalltau(first.mean(axis=0), second.mean(axis=0)).statistic)
    assert np.mean([each.tau for each in found]) == pytest.approx(np.mean(happened), abs=0.06)
    kept = np.mean([tau >= each.low for each, tau in zip(found, happened, strict=True)])
    assert kept >= 0.92


def test_farther_apart_and_less_noise_agree_better():
    means = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    taus = [
        repeat_with_other_seeds(scale * means, SeedNoise(noise, noise, 20.0), generator(4)).tau
        for scale, noise in ((1, 4.0), (1, 1.0), (3, 1.0), (30, 1.0))
    ]
    assert taus == sorted(taus)
    assert taus[-1] == pytest.approx(1, abs=0.01)


def test_the_same_stream_gives_the_same_and_many_methods_are_drawn_less_often():
    means, noise = np.arange(200.0), SeedNoise(400.0, 400.0, 50.0)
    first, second = (repeat_with_other_seeds(means, noise, generator(5)) for _ in range(2))
    assert first == second
    assert _draws(200) == FEWEST_DRAWS < _draws(20)
    scores = generator(6).normal(size=(6, 4))
    first, second = (repeat_with_other_settings(scores, generator(7)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        pytest.param(
            lambda rng: repeat_with_other_seeds(np.array([1.0, 2.0]), SeedNoise(1, 1, 3), rng),
            "fewer than 3 methods",
            id="two methods",
        ),
        pytest.param(
            lambda rng: repeat_with_other_seeds(np.ones(4), SeedNoise(1, 1, 3), rng),
            "share one rank",
            id="equals",
        ),
        pytest.param(
            lambda rng: repeat_with_other_settings(rng.normal(size=(4, 6)), rng),
            "fewer than 5 settings",
            id="few settings",
        ),
        pytest.param(
            lambda rng: repeat_with_other_settings(np.tile(np.arange(4.0), (6, 1)), rng),
            "alike in all settings",
            id="no deviation",
        ),
    ],
)
def test_reasons(compute, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        compute(generator(8))

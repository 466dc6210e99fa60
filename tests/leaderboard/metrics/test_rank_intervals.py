from itertools import product

import numpy as np
import pytest

from leaderboard.metrics import rank_intervals
from leaderboard.undefined import UndefinedMetricError
from nnactive.streams import stream


def rng():
    return stream("a test of rank intervals")


def every_draw(settings):
    """Mean scores of all equally likely draws, ``(k, draws)``, by enumeration."""
    found = []
    choices = [list(product(range(s.shape[1]), repeat=s.shape[1])) for s in settings]
    for seeds in product(*choices):
        means = [s[:, list(drawn)].mean(axis=1) for s, drawn in zip(settings, seeds, strict=True)]
        picks = product(means, repeat=len(settings))
        found += [np.mean(picked, axis=0) for picked in picks]
    return np.array(found).T


def quantile(values, share):
    """Smallest value that at least this share of all is not above."""
    ordered = sorted(values)
    return next(v for n, v in enumerate(ordered, 1) if n >= share * len(ordered) - 1e-9)


def test_three_seeds_by_hand():
    # Differences of the seeds: -1, 0 and +1. Draws: -1 and +1 with 1/27 each, more than 2.5 %.
    result = rank_intervals([np.array([[70.0, 71.0, 72.0], [71.0, 71.0, 71.0]])], rng())
    assert result.difference_low[0, 1] == -1
    assert result.difference_high[0, 1] == 1
    assert (result.rank_low.tolist(), result.rank_high.tolist()) == ([1, 1], [2, 2])
    assert not result.different.any()


def test_it_is_the_enumeration_of_all_draws():
    settings = [
        np.array([[70.0, 74.0], [69.0, 72.0], [60.0, 61.0]]),
        np.array([[50.0, 52.0], [53.0, 51.0], [44.0, 40.0]]),
    ]
    result, draws = rank_intervals(settings, rng(), draws=20_000), every_draw(settings)
    for i, j in product(range(3), repeat=2):
        difference = draws[i] - draws[j]
        assert result.difference_low[i, j] == pytest.approx(quantile(difference, 0.025), abs=0.13)
        assert result.difference_high[i, j] == pytest.approx(quantile(difference, 0.975), abs=0.13)
    ranks = 1 + (draws[None] > draws[:, None]).sum(axis=1)
    assert result.rank_low.tolist() == [quantile(row, 0.025) for row in ranks]
    assert result.rank_high.tolist() == [quantile(row, 0.975) for row in ranks]


def test_seeds_and_settings_both_vary():
    # Many seeds, one setting: +- 1.96 s / sqrt(n). Equal seeds, many settings: likewise over them.
    sample = np.random.default_rng(1).normal(5, 2, size=400)
    half = 1.96 * sample.std() / 20
    seeds = np.stack([sample, np.zeros(400)])
    settings = [np.array([[value, value], [0.0, 0.0]]) for value in sample]
    for scores in ([seeds], settings):
        result = rank_intervals(scores, rng(), draws=5000)
        assert result.difference_low[0, 1] == pytest.approx(sample.mean() - half, abs=0.03)
        assert result.difference_high[0, 1] == pytest.approx(sample.mean() + half, abs=0.03)
        assert result.different[0, 1]


def test_methods_that_share_their_seeds_are_compared_in_pairs():
    # Both vary by 20 with the seed, but always differ by 1.
    base = np.array([60.0, 80.0, 70.0, 65.0])
    result = rank_intervals([np.stack([base, base + 1])], rng())
    assert result.difference_low[1, 0] == result.difference_high[1, 0] == 1
    assert result.rank_high.tolist() == [2, 1]


def scores():
    drawn = np.random.default_rng(2)
    return [drawn.normal([[70], [71], [72], [72.5]], 1.5, size=(4, 4)) for _ in range(3)]


def test_the_same_stream_gives_the_same_bytes():
    first, second = rank_intervals(scores(), rng()), rank_intervals(scores(), rng())
    assert first.difference_low.tobytes() == second.difference_low.tobytes()
    assert first.rank_high.tobytes() == second.rank_high.tobytes()


def test_the_order_of_methods_changes_nothing():
    order = [2, 0, 3, 1]
    before = rank_intervals(scores(), rng())
    after = rank_intervals([setting[order] for setting in scores()], rng())
    assert after.rank_low.tolist() == before.rank_low[order].tolist()
    assert after.rank_high.tolist() == before.rank_high[order].tolist()
    assert after.difference_low == pytest.approx(before.difference_low[np.ix_(order, order)])


def test_a_duplicate_is_its_original_and_changes_no_difference_of_the_others():
    before = rank_intervals(scores(), rng())
    after = rank_intervals([np.concatenate([s, s[3:]]) for s in scores()], rng())
    assert after.difference_low[:4, :4].tolist() == before.difference_low.tolist()
    assert after.difference_low[3, 4] == after.difference_high[3, 4] == 0
    assert (after.rank_low[4], after.rank_high[4]) == (after.rank_low[3], after.rank_high[3])
    assert after.rank_low[3] == before.rank_low[3]
    assert (after.rank_high[:3] >= before.rank_high[:3]).all()
    assert (after.rank_high[:3] <= before.rank_high[:3] + 1).all()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ([], "no setting"),
        ([np.ones((2, 2))], "at least 3 seeds in a single setting"),
        ([np.ones((2, 1)), np.ones((2, 3))], "at least 2 seeds in every setting"),
        ([np.ones((2, 2)), np.ones((3, 2))], "same methods"),
        ([np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])], "seed is missing"),
    ],
)
def test_it_refuses(settings, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        rank_intervals(settings, rng())

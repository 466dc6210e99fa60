"""Rank intervals: the ranks that a method could have had with other seeds and settings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from leaderboard.undefined import UndefinedMetricError

TAILS = (2.5, 97.5)
"""Percentiles that bound a 95 % interval."""
FEWEST = 2
"""Seeds in every setting."""
FEWEST_ALONE = 3
"""Seeds in a single setting: with two seeds, every second pair of equal methods would differ."""


@dataclass(frozen=True)
class RankIntervals:
    """95 % percentile intervals of k methods."""

    rank_low: np.ndarray
    """Whole numbers, shape ``(k,)``."""
    rank_high: np.ndarray
    difference_low: np.ndarray
    """Of the score of i minus the score of j, shape ``(k, k)``."""
    difference_high: np.ndarray

    @property
    def different(self) -> np.ndarray:
        """Pairs whose interval excludes 0, shape ``(k, k)``."""
        return np.asarray((self.difference_low > 0) | (self.difference_high < 0))


def rank_intervals(
    scores: Sequence[np.ndarray],
    rng: np.random.Generator,
    draws: int = 2000,
    decimals: int = 2,
) -> RankIntervals:
    """Bootstrap of the mean score over settings: seeds within every setting, then settings.

    ``scores`` holds an array ``(k methods, seeds)`` per setting, in percent, the seeds in the same
    order for all methods. A draw takes the same seeds and settings for all methods: methods that
    share a seed share its starting budget and loop 0 and are compared in pairs, as in the PPM. So a
    duplicate never differs from its original, and the number of methods does not change what is
    drawn. Ranks in a draw follow ``ranks``; they are relational, differences are not. An
    interval need not contain the rank itself: the best of many equals is rarely the best again.
    Source: protocol section 6, ours.

    >>> setting = np.array([[70.0, 71.0, 70.0], [60.0, 62.0, 60.0], [61.0, 60.0, 60.0]])
    >>> intervals = rank_intervals([setting], np.random.default_rng(0))
    >>> intervals.rank_low.tolist(), intervals.rank_high.tolist()
    ([1, 2, 2], [1, 3, 3])

    Raises:
        UndefinedMetricError: No setting, fewer than two seeds in one (three if it is the only one),
            another number of methods in another, or a missing score.
    """
    settings = [np.asarray(setting, dtype=np.float64) for setting in scores]
    _check(settings)
    means = _drawn_means(settings, rng, draws)
    drawn_ranks = rankdata(-np.round(means, decimals), method="min", axis=0)
    low, high = np.percentile(drawn_ranks, TAILS, axis=1, method="inverted_cdf")
    return RankIntervals(low.astype(np.int64), high.astype(np.int64), *_differences(means))


def _check(settings: Sequence[np.ndarray]) -> None:
    if not settings:
        raise UndefinedMetricError("no setting")
    if len({len(setting) for setting in settings}) > 1:
        raise UndefinedMetricError("not every setting has the same methods")
    fewest = FEWEST if len(settings) > 1 else FEWEST_ALONE
    if any(setting.shape[1] < fewest for setting in settings):
        where = "every" if len(settings) > 1 else "a single"
        raise UndefinedMetricError(f"a bootstrap needs at least {fewest} seeds in {where} setting")
    if not all(np.isfinite(setting).all() for setting in settings):
        raise UndefinedMetricError("a seed is missing")


def _drawn_means(
    settings: Sequence[np.ndarray], rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Mean score over settings in each draw, ``(k, draws)``.

    Sums run element by element, not through a matrix product, whose last digit depends on the
    processor and on a column's position: equal methods must stay equal.
    """
    seeds = [rng.integers(setting.shape[1], size=(setting.shape[1], draws)) for setting in settings]
    chosen = rng.integers(len(settings), size=(len(settings), draws))
    total = np.zeros((len(settings[0]), draws))
    for number, (setting, drawn) in enumerate(zip(settings, seeds, strict=True)):
        inside = np.zeros_like(total)
        for seed in drawn:
            inside += setting[:, seed]
        total += (chosen == number).sum(axis=0) * (inside / len(drawn))
    return total / len(settings)


def _differences(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of all differences, ``(k, k)`` each."""
    low, high = np.zeros((2, len(means), len(means)))
    for i, scores in enumerate(means[:-1]):
        low[i, i + 1 :], high[i, i + 1 :] = np.percentile(scores - means[i + 1 :], TAILS, axis=1)
        low[i + 1 :, i], high[i + 1 :, i] = -high[i, i + 1 :], -low[i, i + 1 :]
    return low, high

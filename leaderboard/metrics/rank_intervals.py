"""Rank intervals, and which methods differ: paired t-tests over seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from leaderboard.metrics.ppm import holm
from leaderboard.metrics.ranks import ranks
from leaderboard.metrics.student import LEVEL, quantile, satterthwaite
from leaderboard.undefined import UndefinedMetricError

FEWEST = 2
"""Seeds in every setting."""


@dataclass(frozen=True)
class RankIntervals:
    """95 % intervals of k methods."""

    rank_low: np.ndarray
    """Whole numbers, shape ``(k,)``; each interval contains the rank of the true mean score with a
    probability of at least 95 %."""
    rank_high: np.ndarray
    difference_low: np.ndarray
    """Of the score of i minus the score of j, shape ``(k, k)``."""
    difference_high: np.ndarray

    @property
    def different(self) -> np.ndarray:
        """Pairs whose interval excludes 0, shape ``(k, k)``."""
        return np.asarray((self.difference_low > 0) | (self.difference_high < 0))


def rank_intervals(scores: Sequence[np.ndarray], decimals: int = 2) -> RankIntervals:
    """Which differences of the mean score over settings are significant, and ranks that allow them.

    ``scores`` holds an array ``(k methods, seeds)`` per setting, in percent, the seeds in the same
    order for all methods: those that share a seed share its starting budget and loop 0, so they are
    compared in pairs, as in the PPM. The settings are fixed and only seeds vary.

    The interval of a difference is Student's, from the paired differences of each setting:
    ``d +- t / S sqrt(sum_s var_s(d) / n_s)`` with Welch-Satterthwaite's degrees of freedom. Without
    any variance it is the difference alone. A method's rank is at best one plus the number of those
    that are significantly better, at worst k minus the number of those significantly worse, by
    one-sided tests at 0.025 with Holm's correction over its k - 1 comparisons: so the interval
    holds for all of them at once. A duplicate never differs from its original, and differences
    don't depend on who else is compared; rank intervals do. Source: protocol section 6, ours;
    Mogstad, Romano, Shaikh and Wilhelm 2024, doi:10.1093/restud/rdad006.

    >>> setting = np.array([[70.0, 71.0, 70.0], [60.0, 62.0, 60.0], [61.0, 60.0, 60.0]])
    >>> intervals = rank_intervals([setting])
    >>> intervals.rank_low.tolist(), intervals.rank_high.tolist()
    ([1, 2, 2], [1, 3, 3])

    Raises:
        UndefinedMetricError: No setting, fewer than two seeds in one, another number of methods in
            another, or a missing score.
    """
    settings = [np.asarray(setting, dtype=np.float64) for setting in scores]
    _check(settings)
    k, count = len(settings[0]), len(settings)
    differences, variances = (np.array(part) for part in zip(*map(_pairs, settings), strict=True))
    centre = differences.sum(axis=0) / count
    error = np.sqrt(variances.sum(axis=0)) / count
    freedom = satterthwaite(variances, np.array([setting.shape[1] - 1 for setting in settings]))
    half = quantile(freedom) * error
    p_values = _one_sided(centre, error, freedom)
    own = np.array(ranks((sum(s.mean(axis=1) for s in settings) / count).tolist(), decimals))
    return RankIntervals(
        rank_low=np.minimum(1 + _significant(p_values), own),
        rank_high=np.maximum(k - _significant(p_values.T), own),
        difference_low=centre - half,
        difference_high=centre + half,
    )


def _check(settings: Sequence[np.ndarray]) -> None:
    if not settings:
        raise UndefinedMetricError("no setting")
    if len({len(setting) for setting in settings}) > 1:
        raise UndefinedMetricError("not every setting has the same methods")
    if any(setting.shape[1] < FEWEST for setting in settings):
        where = "every setting" if len(settings) > 1 else "the setting"
        raise UndefinedMetricError(f"significance needs at least {FEWEST} seeds in {where}")
    if not all(np.isfinite(setting).all() for setting in settings):
        raise UndefinedMetricError("a seed is missing")


def _pairs(setting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each pair's differences over seeds, and the variance of that mean, ``(k, k)`` each.

    From differences seed by seed, not from a covariance: equal methods must differ by exactly 0.
    """
    seeds = setting.shape[1]
    mean = sum(_by_seed(setting)) / seeds
    variance = sum((each - mean) ** 2 for each in _by_seed(setting)) / (seeds - 1)
    return np.asarray(mean), np.asarray(variance / seeds)


def _one_sided(centre: np.ndarray, error: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """P-values of the score of j being no higher than that of i, ``(k, k)``."""
    certain = np.where(centre == 0, 0, np.copysign(np.inf, centre))
    statistic = np.divide(centre, error, out=certain, where=error > 0)
    return np.asarray(stdtr(freedom, statistic))


def _significant(p_values: np.ndarray) -> np.ndarray:
    """How many of its comparisons with the others are significant, for each method."""
    rows = (np.delete(row, own) for own, row in enumerate(p_values))
    return np.array([np.count_nonzero(holm(row, (1 - LEVEL) / 2)) for row in rows])


def _by_seed(setting: np.ndarray) -> Iterator[np.ndarray]:
    """The differences of all pairs, one ``(k, k)`` a seed."""
    return (scores[:, np.newaxis] - scores[np.newaxis] for scores in setting.T)

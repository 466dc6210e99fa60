"""Student's 95 % intervals: what is estimated from few seeds."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import stdtrit

from leaderboard.metrics.mean_over_settings import Interval, checked_counts

LEVEL = 0.95


def student_interval(
    means: Sequence[float], stds: Sequence[float], seeds: Sequence[int] | int
) -> Interval:
    """``mean_s m_s +- t / S sqrt(sum_s sigma_s^2 / n_s)`` over S settings, t Student's quantile.

    As ``mean_over_settings``, with the quantile that few seeds need: n - 1 degrees of freedom in a
    single setting, Welch-Satterthwaite's over several. The settings are fixed and only seeds vary:
    an interval for these settings, not for others. Source: protocol section 6, ours; Satterthwaite
    1946, doi:10.2307/3002019.

    >>> interval = student_interval([60.0], [2.0], seeds=4)  # t = 3.182 with 3 degrees of freedom
    >>> round(interval.low, 3), round(interval.high, 3)
    (56.818, 63.182)

    Raises:
        UndefinedMetricError: No setting, or a setting without a standard deviation.
    """
    counts = checked_counts(means, stds, seeds)
    centre = math.fsum(means) / len(means)
    variances = [std**2 / count for std, count in zip(stds, counts, strict=True)]
    total = math.fsum(variances)
    # As ``satterthwaite``, which takes long for the few numbers of the many cells of a board.
    parts = math.fsum(v * v / (count - 1) for v, count in zip(variances, counts, strict=True))
    freedom = total**2 / parts if parts > 0 else float(sum(counts) - len(counts))
    half = _quantile(freedom) / len(means) * math.sqrt(total)
    return Interval(centre, centre - half, centre + half)


@lru_cache(maxsize=1024)
def _quantile(freedom: float) -> float:
    """Single settings ask again and again for that of a few seeds."""
    return float(quantile(freedom))


def quantile(freedom: float | np.ndarray, level: float | np.ndarray = LEVEL) -> np.ndarray:
    """Student's quantile: half the width of a two-sided interval in standard errors.

    >>> quantile(np.array([1.0, 3.0, 1e9])).round(2).tolist()
    [12.71, 3.18, 1.96]
    """
    return np.asarray(stdtrit(freedom, 0.5 + np.asarray(level) / 2))


def satterthwaite(variances: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Degrees of freedom of a sum of independent variances, along the first axis.

    ``(sum v)^2 / sum (v^2 / f)``, between the smallest f and the sum of all f. Without any
    variance, the sum. Source: Satterthwaite 1946.

    >>> satterthwaite(np.array([1.0, 1.0]), np.array([3, 3])).tolist()
    6.0
    >>> satterthwaite(np.array([1.0, 0.0]), np.array([3, 3])).tolist()
    3.0
    """
    freedom = np.asarray(freedom, dtype=np.float64)
    freedom = freedom.reshape(freedom.shape + (1,) * (variances.ndim - freedom.ndim))
    total, parts = variances.sum(axis=0), (variances**2 / freedom).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = total**2 / parts
    return np.asarray(np.where(parts > 0, found, freedom.sum()))

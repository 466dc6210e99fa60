"""Smallest detectable difference: what a comparison of two methods can find with its seeds."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import nctdtrinc, stdtrit

from leaderboard.undefined import UndefinedMetricError

POWER = 0.8
"""Probability of finding a difference of that size."""
ALPHA = 0.05
"""Of the two-sided test."""
ONE_SEED = "with one seed, no difference between methods can be distinguished from noise"
NO_NOISE = "the seeds don't vary"


def detectable_by_seed(
    scores: Sequence[np.ndarray], *, power: float = POWER, alpha: float = ALPHA
) -> float:
    """Smallest detectable difference between two of k methods that were run with the same seeds.

    ``scores`` holds an array ``(k methods, seeds)`` per setting, in the column's unit; the result
    has the same. The noise of a pair is pooled over all pairs (``paired_spread``); the test is the
    paired one that gives the letters (``rank_intervals``). Source: protocol section 6, ours.

    >>> scores = np.array([[70.0, 71.0, 72.0, 73.0], [60.0, 63.0, 62.0, 63.0]])
    >>> round(detectable_by_seed([scores]), 2)
    2.13

    Raises:
        UndefinedMetricError: One seed in a setting, fewer than two methods, no setting, a missing
            score, or no noise at all.
    """
    settings = [np.asarray(setting, dtype=np.float64) for setting in scores]
    spreads = [paired_spread(setting) for setting in settings]
    seeds = [setting.shape[1] for setting in settings]
    return detectable_difference(spreads, seeds, power=power, alpha=alpha)


def detectable_from_stds(
    stds: Sequence[Sequence[float]],
    seeds: Sequence[int] | int,
    *,
    power: float = POWER,
    alpha: float = ALPHA,
) -> float:
    """Smallest detectable difference between two methods of which only the spread is known.

    ``stds`` has a sequence per setting: each method's sample standard deviation over ``seeds`` (of
    every setting or of all), in the column's unit, which is that of the result. The test is
    unpaired. Source: protocol section 6, ours.

    >>> round(detectable_from_stds([[1.0, 1.0]], seeds=4), 2)
    2.38

    Raises:
        UndefinedMetricError: One seed, a setting without a standard deviation, no setting, or no
            noise at all.
    """
    spreads = [unpaired_spread(each) for each in stds]
    return detectable_difference(spreads, seeds, paired=False, power=power, alpha=alpha)


def detectable_difference(
    spreads: Sequence[float],
    seeds: Sequence[int] | int,
    *,
    paired: bool = True,
    power: float = POWER,
    alpha: float = ALPHA,
) -> float:
    """Difference of two means over settings that a two-sided t-test finds, with its right sign.

    ``spreads`` are the standard deviations of one seed's difference between two methods, one per
    setting; ``seeds`` the number of seeds of each setting or of all. The standard error is
    ``1/S sqrt(sum_s spread_s^2 / n_s)`` with Welch-Satterthwaite's degrees of freedom, from n - 1
    per setting (``paired``) or 2 (n - 1); the difference is that whose noncentral t exceeds the
    critical value with probability ``power``. Source: protocol section 6, ours.

    >>> round(detectable_difference([2.0], seeds=10), 2), round(detectable_difference([2.0], 2), 1)
    (1.99, 23.1)

    Raises:
        UndefinedMetricError: One seed in a setting, no setting, or no noise at all.
    """
    if not spreads:
        raise UndefinedMetricError("no setting")
    counts = [seeds] * len(spreads) if isinstance(seeds, int) else list(seeds)
    if min(counts) < 2:  # noqa: PLR2004
        raise UndefinedMetricError(ONE_SEED)
    variances = [spread**2 / count for spread, count in zip(spreads, counts, strict=True)]
    total = math.fsum(variances)
    if not total > 0:
        raise UndefinedMetricError(NO_NOISE)
    each = [(count - 1) * (1 if paired else 2) for count in counts]
    freedom = total**2 / math.fsum(v**2 / df for v, df in zip(variances, each, strict=True))
    critical = float(stdtrit(freedom, 1 - alpha / 2))
    return float(nctdtrinc(freedom, 1 - power, critical)) * math.sqrt(total) / len(spreads)


def paired_spread(scores: np.ndarray) -> float:
    """Standard deviation of one seed's difference between two methods, pooled over all pairs.

    ``scores`` has the shape ``(k methods, seeds)``. The mean over pairs of the variance of their
    differences is twice the residual mean square of methods x seeds.

    >>> round(paired_spread(np.array([[1.0, 2.0, 4.0], [1.0, 3.0, 5.0]])), 6)  # of 0, 1, 1
    0.57735

    Raises:
        UndefinedMetricError: Fewer than two methods or seeds, or a missing score.
    """
    scores = np.asarray(scores, dtype=np.float64)
    methods, seeds = scores.shape
    if methods < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a comparison needs at least 2 methods")
    if seeds < 2:  # noqa: PLR2004
        raise UndefinedMetricError(ONE_SEED)
    if not np.isfinite(scores).all():
        raise UndefinedMetricError("a seed is missing")
    rest = scores - scores.mean(axis=1, keepdims=True)
    rest = rest - rest.mean(axis=0, keepdims=True)
    return math.sqrt(2 * float((rest**2).sum()) / ((methods - 1) * (seeds - 1)))


def unpaired_spread(stds: Sequence[float]) -> float:
    """Standard deviation of the difference of two methods' independent seeds, pooled over methods.

    >>> unpaired_spread([1.0, 1.0])
    1.4142135623730951

    Raises:
        UndefinedMetricError: No standard deviation is known.
    """
    if not stds or not all(math.isfinite(std) for std in stds):
        raise UndefinedMetricError("the spread over seeds is not known")
    return math.sqrt(2 * math.fsum(std**2 for std in stds) / len(stds))

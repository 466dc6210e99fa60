"""Difference between two training lengths of one method in one setting."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import ttest_ind_from_stats

from leaderboard.metrics.spread import mean, sample_std
from leaderboard.undefined import UndefinedMetricError

ALPHA = 0.1
"""Of the comparison of training lengths (protocol section 6)."""


@dataclass(frozen=True)
class Difference:
    """Second minus first, with the test of no difference."""

    difference: float
    p_value: float
    significant: bool


def length_difference(
    first: Sequence[float], second: Sequence[float], alpha: float = ALPHA
) -> Difference:
    """Mean of ``second`` minus mean of ``first``, with an unpaired two-sided t-test over seeds.

    Student's test with the pooled variance, ``n1 + n2 - 2`` degrees of freedom; without any
    variance p = 0 unless the means are equal. Source: protocol section 6.

    >>> result = length_difference([70.0, 71.0, 72.0], [75.0, 76.0, 77.0])  # t = 5 / sqrt(2 / 3)
    >>> result.difference, round(result.p_value, 6), result.significant
    (5.0, 0.003602, True)

    Raises:
        UndefinedMetricError: Fewer than two seeds on a side.
    """
    stats = [(mean(side), sample_std(side), len(side)) for side in (first, second)]
    return length_difference_from_stats(*stats[0], *stats[1], alpha=alpha)


def length_difference_from_stats(
    mean_a: float,
    std_a: float,
    n_a: int,
    mean_b: float,
    std_b: float,
    n_b: int,
    alpha: float = ALPHA,
) -> Difference:
    """``length_difference`` from published means and sample standard deviations: b minus a.

    >>> length_difference_from_stats(71.0, 1.0, 3, 76.0, 1.0, 3).difference
    5.0

    Raises:
        UndefinedMetricError: Fewer than two seeds on a side, or a figure is missing.
    """
    if min(n_a, n_b) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a test over seeds needs at least 2 seeds")
    if not all(map(math.isfinite, (mean_a, std_a, mean_b, std_b))):
        raise UndefinedMetricError("a figure is missing")
    difference = mean_b - mean_a
    if std_a == 0 == std_b:
        p_value = 0.0 if difference else 1.0
    else:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            test = ttest_ind_from_stats(mean_a, std_a, n_a, mean_b, std_b, n_b)
        p_value = float(test.pvalue)
    return Difference(difference, p_value, p_value < alpha)

"""Difference between two training lengths of one method in one setting."""

import warnings
from dataclasses import dataclass

import numpy as np

from leaderboard.undefined import UndefinedMetricError

ALPHA = 0.1
"""Of the comparison of training lengths (protocol section 6)."""


@dataclass(frozen=True)
class Sample:
    """One value per seed, as the papers publish them."""

    mean: float
    std: float
    """Sample standard deviation."""
    seeds: int


@dataclass(frozen=True)
class Difference:
    """Second minus first, with the test of no difference."""

    difference: float
    p_value: float
    significant: bool


def length_difference(first: Sample, second: Sample, alpha: float = ALPHA) -> Difference:
    """Mean of ``second`` minus mean of ``first``, with an unpaired two-sided t-test over seeds.

    Student's test with the pooled variance, ``n1 + n2 - 2`` degrees of freedom; without any
    variance p = 0 unless the means are equal. Source: protocol section 6.

    >>> # t = 5 / sqrt(2 / 3)
    >>> result = length_difference(Sample(71.0, 1.0, seeds=3), Sample(76.0, 1.0, seeds=3))
    >>> result.difference, round(result.p_value, 6), result.significant
    (5.0, 0.003602, True)

    Raises:
        UndefinedMetricError: Fewer than two seeds on a side.
    """
    if min(first.seeds, second.seeds) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a test over seeds needs at least 2 seeds")
    difference = second.mean - first.mean
    if first.std == 0 == second.std:
        p_value = 0.0 if difference else 1.0
    else:
        from scipy.stats import ttest_ind_from_stats

        stats = [(side.mean, side.std, side.seeds) for side in (first, second)]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)
            test = ttest_ind_from_stats(*stats[0], *stats[1])
        p_value = float(test.pvalue)
    return Difference(difference, p_value, p_value < alpha)

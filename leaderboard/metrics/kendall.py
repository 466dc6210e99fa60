"""Kendall's tau: agreement of two rankings, or of query size and performance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.undefined import UndefinedMetricError


@dataclass(frozen=True)
class Tau:
    """Kendall's tau-b in [-1, 1] and its two-sided p-value; the protocol's alpha is 0.1."""

    tau: float
    p_value: float


def kendall(first: Sequence[float], second: Sequence[float]) -> Tau:
    """Tau-b between two settings: the same methods' scores in each, unrounded means over seeds.

    ``(P - Q) / sqrt((P + Q + T)(P + Q + U))``: P concordant and Q discordant pairs, T and U ties in
    one of the two. Relational. Source: protocol section 6, [P1 App. D].

    >>> kendall([70.0, 60.0, 50.0, 40.0], [71.0, 63.0, 64.0, 40.0]).tau  # 5 of 6 pairs agree
    0.6666666666666669

    Raises:
        UndefinedMetricError: Fewer than two methods, a missing score, or all scores of a setting
            equal.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.size < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a rank correlation needs at least 2 values")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise UndefinedMetricError("a value is missing")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        raise UndefinedMetricError("all values are equal")
    from scipy.stats import kendalltau

    result = kendalltau(a, b)
    return Tau(float(result.statistic), float(result.pvalue))


def query_size_tau(sizes: Sequence[float], values: Sequence[float]) -> Tau:
    """Tau-b between small queries and high values: positive, smaller queries are better.

    One pair per query size and seed: 12 points for the papers' 3 sizes x 4 seeds. ``values`` is
    Final Dice, or AUBC over the budgets that all sizes share. Source: protocol section 6.

    >>> query_size_tau([10, 10, 20, 20], [80.0, 81.0, 70.0, 71.0]).tau > 0
    True

    Raises:
        UndefinedMetricError: Fewer than two points, a missing value, one size only, or equal
            values.
    """
    return kendall([-size for size in sizes], values)

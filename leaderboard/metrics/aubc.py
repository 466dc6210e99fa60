"""AUBC: area under the budget curve."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from leaderboard.metrics.learning_curve import Curve
from leaderboard.metrics.metric import (
    INTERVAL,
    PERCENT,
    PUBLISHED_STD,
    Published,
    SeedMetric,
)
from leaderboard.undefined import UndefinedMetricError


def aubc(curve: Curve) -> float:
    """Area under Mean Dice against labelled patches, divided by the span of the budgets.

    Trapezoid rule: ``sum_t (b[t+1] - b[t]) (d[t] + d[t+1]) / 2 / (b[-1] - b[0])``, in [0, 1]. Where
    query sizes differ, give it the curve at the budgets that all compared settings share (see
    ``common_budgets`` and ``Runs.at``). Source: protocol section 6, [P1 App. D].

    >>> aubc(Curve((0, 1, 3), (0.0, 1.0, 0.5)))  # (1 * 0.5 + 2 * 0.75) / 3
    0.6666666666666666

    Raises:
        UndefinedMetricError: Fewer than two loops, or budgets that do not increase.
    """
    return area(curve.budgets, curve.dice)


def area(budgets: Sequence[int], values: Sequence[float]) -> float:
    """As ``aubc``, of any figure by loop and in its unit.

    >>> area((0, 1, 3), (8.0, 4.0, 2.0))  # (1 * 6 + 2 * 3) / 3
    4.0

    Raises:
        UndefinedMetricError: Fewer than two loops, or budgets that do not increase.
    """
    points = list(zip(budgets, values, strict=True))
    if len(points) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("an area needs at least 2 loops")
    if any(right <= left for (left, _), (right, _) in pairwise(points)):
        raise UndefinedMetricError("the labelled patches do not increase from loop to loop")
    whole = math.fsum((b1 - b0) * (d0 + d1) / 2 for (b0, d0), (b1, d1) in pairwise(points))
    return whole / (points[-1][0] - points[0][0])


AUBC = SeedMetric(
    name="aubc",
    title="AUBC",
    unit="%",
    help="Mean Dice averaged over the labelling budget: the area under the learning curve by the "
    f"trapezoid rule; {INTERVAL} (protocol section 6).",
    higher_is_better=True,
    order=20,
    by_seed=lambda runs, _: PERCENT * np.array([aubc(curve) for curve in runs.curves]),
    ranking="Ranks follow mean AUBC, as no baseline has a Score in all settings.",
    in_dice="aubc",
    by_class=True,
    headline=True,
    least=0,
    most=100,
    terminal=2,
    published=Published(
        printed=True,
        help=f"Area under the learning curve as published; {PUBLISHED_STD}.",
        ranking="Ranks follow mean AUBC, as not all settings have a Score.",
    ),
)

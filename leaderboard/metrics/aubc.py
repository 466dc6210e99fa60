"""AUBC: area under the budget curve."""

import math
from collections.abc import Sequence
from itertools import pairwise

from leaderboard.metrics.learning_curve import Curve
from leaderboard.metrics.refusal import NoAnswerError


def aubc(curve: Curve, span: Sequence[int] | None = None) -> float:
    """Area under Mean Dice against labelled patches, divided by the span of the budgets.

    Trapezoid rule: ``sum_t (b[t+1] - b[t]) (d[t] + d[t+1]) / 2 / (b[-1] - b[0])``, in [0, 1]. With
    ``span`` only the loops at these budgets count, those that all compared settings share (see
    ``common_budgets``). Source: protocol section 6, [P1 App. D].

    >>> aubc(Curve((0, 1, 3), (0.0, 1.0, 0.5)))  # (1 * 0.5 + 2 * 0.75) / 3
    0.6666666666666666
    >>> aubc(Curve((0, 1, 3), (0.0, 1.0, 0.5)), span=(0, 3))
    0.25

    Raises:
        NoAnswerError: Fewer than two loops, budgets that do not increase, or a budget of ``span``
            that the curve lacks.
    """
    points = list(zip(curve.budgets, curve.dice, strict=True))
    if span is not None:
        points = [point for point in points if point[0] in set(span)]
        if len(points) < len(set(span)):
            raise NoAnswerError("not measured at all budgets of the comparison")
    if len(points) < 2:  # noqa: PLR2004
        raise NoAnswerError("an area needs at least 2 loops")
    if any(right <= left for (left, _), (right, _) in pairwise(points)):
        raise NoAnswerError("the labelled patches do not increase from loop to loop")
    area = math.fsum((b1 - b0) * (d0 + d1) / 2 for (b0, d0), (b1, d1) in pairwise(points))
    return area / (points[-1][0] - points[0][0])

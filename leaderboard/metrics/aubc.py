"""AUBC: area under the budget curve."""

import math
from itertools import pairwise

from leaderboard.metrics.learning_curve import Curve
from leaderboard.metrics.refusal import NoAnswerError


def aubc(curve: Curve) -> float:
    """Area under Mean Dice against labelled patches, divided by the span of the budgets.

    Trapezoid rule: ``sum_t (b[t+1] - b[t]) (d[t] + d[t+1]) / 2 / (b[-1] - b[0])``, in [0, 1].
    Source: protocol section 6, [P1 App. D].

    >>> aubc(Curve((0, 1, 3), (0.0, 1.0, 0.5)))  # (1 * 0.5 + 2 * 0.75) / 3
    0.6666666666666666

    Raises:
        NoAnswerError: Fewer than two loops, or budgets that do not increase.
    """
    if len(curve.budgets) < 2:  # noqa: PLR2004
        raise NoAnswerError("an area needs at least 2 loops")
    if any(right <= left for left, right in pairwise(curve.budgets)):
        raise NoAnswerError("the labelled patches do not increase from loop to loop")
    points = pairwise(zip(curve.budgets, curve.dice, strict=True))
    area = math.fsum((b1 - b0) * (d0 + d1) / 2 for (b0, d0), (b1, d1) in points)
    return area / (curve.budgets[-1] - curve.budgets[0])

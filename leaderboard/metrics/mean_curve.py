"""The learning curve of a method: mean and spread over its seeds, point by point."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.metrics.learning_curve import Curve
from leaderboard.metrics.refusal import NoAnswerError
from leaderboard.metrics.spread import mean, sample_std


@dataclass(frozen=True)
class MeanCurve:
    """Mean learning curve over seeds, a point a loop."""

    budgets: tuple[int, ...]
    """Labelled patches, increasing."""
    dice: tuple[float, ...]
    """Mean over seeds of Mean Dice, in [0, 1]."""
    std: tuple[float, ...] | None
    """Sample standard deviation over seeds; None with one seed."""


def mean_curve(curves: Sequence[Curve]) -> MeanCurve:
    """Mean and sample standard deviation over seeds at each budget.

    >>> mean_curve([Curve((5, 9), (0.25, 0.5)), Curve((5, 9), (0.75, 0.5))]).dice
    (0.5, 0.5)

    Raises:
        NoAnswerError: No curve, or curves measured at different budgets.
    """
    if not curves:
        raise NoAnswerError("no complete experiment")
    budgets = curves[0].budgets
    if any(curve.budgets != budgets for curve in curves):
        raise NoAnswerError("the seeds were measured at different numbers of labelled patches")
    columns = list(zip(*(curve.dice for curve in curves), strict=True))
    return MeanCurve(
        budgets=budgets,
        dice=tuple(mean(column) for column in columns),
        std=tuple(sample_std(column) for column in columns) if len(curves) > 1 else None,
    )

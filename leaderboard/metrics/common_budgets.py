"""Budgets at which all compared experiments were measured."""

from collections.abc import Sequence

from leaderboard.metrics.learning_curve import Curve
from leaderboard.undefined import UndefinedMetricError


def common_budgets(curves: Sequence[Curve]) -> tuple[int, ...]:
    """Numbers of labelled patches that all curves share, increasing; for ``Runs.at``.

    Source: protocol section 6: where query sizes differ, AUBC is taken over these.

    >>> common_budgets([Curve((5, 10, 15), (0.1, 0.2, 0.3)), Curve((5, 15), (0.1, 0.4))])
    (5, 15)

    Raises:
        UndefinedMetricError: No curve, or fewer than two budgets in common.
    """
    if not curves:
        raise UndefinedMetricError("no complete experiment")
    shared = sorted(set.intersection(*(set(curve.budgets) for curve in curves)))
    if len(shared) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("fewer than 2 budgets are shared by all query sizes")
    return tuple(shared)

"""Mean Dice of the starting budget, estimated where only AUBC and Final Dice are printed."""

import math
from collections.abc import Sequence
from statistics import median

from leaderboard.undefined import UndefinedMetricError

STEEPEST = 60.0
"""Most that the gap to full data may shrink or grow from the first loop to the last, as a power of
e: no curve comes near it."""
HALVINGS = 60
"""Of that range: to double precision."""


def estimated_start(
    aubcs: Sequence[float], finals: Sequence[float], full: float, loops: int
) -> float:
    """y0 of a setting: the median over methods of what each one's AUBC and Final Dice imply.

    A curve whose gap to full data changes by the same factor from loop to loop,
    ``y_t = y_full - (y_full - y0) r^t``, is known by two numbers; it is FG-Eff's model at evenly
    spaced budgets. All methods share y0, and their median isn't moved by one odd curve. It serves
    to weigh settings, which needs the gap ``y_full - y0`` roughly; where loop 0 was measured, use
    that. Source: ours (docs/statistics.md).

    ``aubcs`` and ``finals`` have one value per method, means over seeds, in the unit of ``full``
    (y_full); methods that reach ``full`` are left out. ``loops`` counts loop 0.

    >>> curve = [90 - 40 * 0.5**t for t in range(5)]
    >>> area = (sum(curve) - (curve[0] + curve[-1]) / 2) / 4
    >>> round(estimated_start([area], [curve[-1]], full=90, loops=5), 6)
    50.0

    Raises:
        UndefinedMetricError: Fewer than two loops, or no method stays below ``full``.
    """
    if loops < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a starting Dice can't be estimated from a single loop")
    starts = implied_starts(aubcs, finals, full, loops)
    if not starts:
        raise UndefinedMetricError("no method stays below full-data training")
    return median(starts)


def implied_starts(
    aubcs: Sequence[float], finals: Sequence[float], full: float, loops: int
) -> list[float]:
    """What each method's figures say about y0, in the order of those that stay below ``full``."""
    return [
        full - (full - final) * math.exp(-_log_change((full - area) / (full - final), loops - 1))
        for area, final in zip(aubcs, finals, strict=True)
        if area < full and final < full
    ]


def _log_change(ratio: float, steps: int) -> float:
    """Logarithm of the last gap over the first, from the mean gap over the last.

    The mean falls as the last gap grows, so halving a range finds it.
    """
    low, high = -STEEPEST, STEEPEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _mean_gap(middle, steps) > ratio:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _mean_gap(change: float, steps: int) -> float:
    """Mean gap over the last one, by the trapezoid rule over ``steps`` equal steps."""
    gaps = [math.exp(change * (step / steps - 1)) for step in range(steps + 1)]
    return (math.fsum(gaps) - (gaps[0] + gaps[-1]) / 2) / steps

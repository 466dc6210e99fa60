"""Bootstrap intervals of figures that follow from sums over images."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from nnactive.io.models import Frozen
from nnactive.streams import stream

DRAWS: Final = 2000
LEVELS: Final = (2.5, 97.5)
"""Percentiles: a 95 % interval."""
FEWEST: Final = 3
"""Units below which an interval would say nothing."""

Statistic = Callable[[np.ndarray], np.ndarray]
"""From sums ``(draws, k)`` to a figure of each draw, NaN where it is undefined."""


class Interval(Frozen):
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float | None = None
    """None: too few units to draw from."""
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    @property
    def percent(self) -> str:
        """A share as a percentage, with its interval."""
        if self.low is None or self.high is None:
            return f"{self.value:.1%}"
        return f"{self.value:.1%} ({self.low:.1%} to {self.high:.1%})"


def interval(rows: np.ndarray, statistic: Statistic, names: Sequence[object]) -> Interval | None:
    """A figure of the sum of all rows, and how it varies if other rows had been drawn.

    Args:
        rows: what each unit (an image) adds, ``(units, k)``.
        statistic: the figure, of sums of rows.
        names: of the random stream.

    Returns:
        None if the figure is undefined.
    """
    value = float(statistic(rows.sum(axis=0, keepdims=True))[0])
    if not np.isfinite(value):
        return None
    if len(rows) < FEWEST:
        return Interval(value=value)
    share = np.full(len(rows), 1 / len(rows))
    times = stream("bootstrap", *names).multinomial(len(rows), share, size=DRAWS)
    drawn = statistic(times @ rows)
    low, high = np.percentile(drawn[np.isfinite(drawn)], LEVELS)
    return Interval(value=value, low=float(low), high=float(high))


def ratio(sums: np.ndarray) -> np.ndarray:
    """First column over second; NaN where that is 0.

    >>> ratio(np.array([[1.0, 4.0], [1.0, 0.0]]))
    array([0.25,  nan])
    """
    whole = sums[:, 1]
    found: np.ndarray = np.divide(
        sums[:, 0], whole, out=np.full(len(sums), np.nan), where=whole > 0
    )
    return found

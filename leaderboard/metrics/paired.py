"""How far two methods differ: seed by seed, or between printed means; with Student's intervals.

The page's script computes the same; its quantiles come from ``quantiles``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from leaderboard.metrics.length_difference import Sample
from leaderboard.metrics.student import quantile
from leaderboard.undefined import UndefinedMetricError

STEPS = 840
"""Of the table of quantiles, whose places are evenly spaced in one over the degrees of freedom; 1
to 8 degrees have places of their own."""


@dataclass(frozen=True)
class Contrast:
    """First minus second method, with the standard error of that difference."""

    mean: float
    error: float | None = None
    """None: a single seed on either side."""
    freedom: float = 0.0
    """Degrees of freedom of the error."""

    @property
    def half(self) -> float | None:
        """Half the width of the 95 % interval."""
        return None if self.error is None else quantile_at(self.freedom) * self.error

    @property
    def low(self) -> float | None:
        """Lower end of the 95 % interval."""
        return None if self.half is None else self.mean - self.half

    @property
    def high(self) -> float | None:
        """Upper end of the 95 % interval."""
        return None if self.half is None else self.mean + self.half

    @property
    def significant(self) -> bool:
        """Whether the 95 % interval excludes 0: the t-test's answer at 0.05."""
        return self.half is not None and abs(self.mean) > self.half


@cache
def quantiles() -> tuple[float, ...]:
    """Student's quantiles at 0, 1 / ``STEPS``, ..., 1 over the degrees of freedom.

    >>> [round(quantiles()[place], 3) for place in (0, STEPS // 4, STEPS)]
    [1.96, 2.776, 12.706]
    """
    with np.errstate(divide="ignore"):
        freedom = STEPS / np.arange(STEPS + 1)
    return tuple(quantile(freedom).tolist())


def quantile_at(freedom: float) -> float:
    """Student's quantile for one or more degrees of freedom, from the page's table.

    Within 1 in 100,000 of ``student.quantile``.

    >>> round(quantile_at(3), 3), round(quantile_at(1.5), 2)
    (3.182, 6.02)
    """
    table, place = quantiles(), STEPS / freedom
    below = min(int(place), STEPS - 1)
    return table[below] + (place - below) * (table[below + 1] - table[below])


def paired(first: Sequence[float], second: Sequence[float]) -> Contrast:
    """Difference between two methods that were run with the same seeds, one value per seed each.

    Student's t over the differences, n - 1 degrees of freedom. Source: protocol section 6.

    >>> contrast = paired([3.0, 5.0, 7.0], [2.0, 3.0, 4.0])
    >>> contrast.mean, round(contrast.low, 3), round(contrast.high, 3), contrast.significant
    (2.0, -0.484, 4.484, False)

    Raises:
        UndefinedMetricError: There is no common seed.
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    count = len(differences)
    if not count:
        raise UndefinedMetricError("the methods have no seed in common")
    centre = sum(differences) / count
    if count == 1:
        return Contrast(centre)
    variance = sum((value - centre) ** 2 for value in differences) / (count - 1)
    return Contrast(centre, math.sqrt(variance / count), count - 1)


def unpaired(first: Sample, second: Sample) -> Contrast:
    """Difference between two methods of which only mean and standard deviation are known.

    Student's t with the pooled variance, n1 + n2 - 2 degrees of freedom: wider than ``paired``
    where seeds matter. Source: protocol section 6, as for training lengths.

    >>> contrast = unpaired(Sample(76.0, 1.0, seeds=3), Sample(71.0, 1.0, seeds=3))
    >>> contrast.mean, round(contrast.low, 3), contrast.significant
    (5.0, 2.733, True)
    """
    difference = first.mean - second.mean
    if min(first.seeds, second.seeds) < 2:  # noqa: PLR2004
        return Contrast(difference)
    freedom = first.seeds + second.seeds - 2
    squares = (first.seeds - 1) * first.std**2 + (second.seeds - 1) * second.std**2
    error = math.sqrt(squares / freedom * (1 / first.seeds + 1 / second.seeds))
    return Contrast(difference, error, freedom)


def over(contrasts: Sequence[Contrast]) -> Contrast:
    """Mean of differences in several settings; for these settings, as only seeds vary.

    The error is ``sqrt(sum e_s^2) / S``, its degrees of freedom are Welch and Satterthwaite's.

    >>> contrast = over([Contrast(1.0, 0.3, 3), Contrast(3.0, 0.4, 3)])
    >>> contrast.mean, contrast.error, round(contrast.freedom, 3)
    (2.0, 0.25, 5.564)

    Raises:
        UndefinedMetricError: There is no setting.
    """
    count = len(contrasts)
    if not count:
        raise UndefinedMetricError("the methods have no setting in common")
    centre = sum(contrast.mean for contrast in contrasts) / count
    known = [(one.error**2, one.freedom) for one in contrasts if one.error is not None]
    if len(known) < count:
        return Contrast(centre)
    total = sum(variance for variance, _ in known)
    error = math.sqrt(total) / count
    if not total:
        return Contrast(centre, error, sum(n for _, n in known))
    return Contrast(centre, error, total**2 / sum(variance**2 / n for variance, n in known))

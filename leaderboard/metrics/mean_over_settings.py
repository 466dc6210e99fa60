"""Mean over settings with the papers' 95 % interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.undefined import UndefinedMetricError

NORMAL_95 = 1.96
"""Half width of a 95 % interval in standard errors, as the papers round it."""


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def within(self, least: float, most: float) -> "Interval":
        """The interval without what can't be: a Dice above 100 %."""
        return Interval(self.mean, max(self.low, least), min(self.high, most))


def mean_over_settings(
    means: Sequence[float], stds: Sequence[float], seeds: Sequence[int] | int
) -> Interval:
    """``mean_s m_s +- 1.96 / S sqrt(sum_s (sigma_s / sqrt(n_s))^2)`` over S settings.

    The papers' formula, for comparison with them. It covers less than 95 % with few seeds in few
    settings, for which ``student_interval`` corrects.

    ``means`` and ``stds`` (sample standard deviations over seeds) have one value per setting;
    ``seeds`` is the number of seeds n, of each setting or of all. The settings are fixed and only
    seeds vary: an interval for these settings, not for others. Source: protocol section 6,
    [P2 App. E].

    >>> mean_over_settings([60.0, 80.0], [3.0, 4.0], seeds=4)
    Interval(mean=70.0, low=67.55, high=72.45)

    Raises:
        UndefinedMetricError: No setting, or a setting without a standard deviation.
    """
    counts = checked_counts(means, stds, seeds)
    centre = math.fsum(means) / len(means)
    variance = math.fsum(std**2 / count for std, count in zip(stds, counts, strict=True))
    half = NORMAL_95 / len(means) * math.sqrt(variance)
    return Interval(centre, centre - half, centre + half)


def checked_counts(
    means: Sequence[float], stds: Sequence[float], seeds: Sequence[int] | int
) -> list[int]:
    """The number of seeds of each setting, each with a mean and a standard deviation.

    Raises:
        UndefinedMetricError: No setting, or a setting without a standard deviation.
    """
    if not means:
        raise UndefinedMetricError("no setting")
    counts = [seeds] * len(means) if isinstance(seeds, int) else list(seeds)
    if not all(count > 1 and math.isfinite(std) for count, std in zip(counts, stds, strict=True)):
        raise UndefinedMetricError("an interval needs at least 2 seeds in every setting")
    return counts

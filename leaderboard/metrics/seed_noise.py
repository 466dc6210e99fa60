"""How much a method's score varies between repeats with other seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.metrics.power import NO_NOISE, paired_spread, unpaired_spread
from leaderboard.metrics.student import satterthwaite
from leaderboard.undefined import UndefinedMetricError


@dataclass(frozen=True)
class SeedNoise:
    """Of the mean over settings of one method's score, in the column's unit, squared.

    One variance for all methods: that of a single one is estimated too poorly.
    """

    variance: float
    """Between repeats with as many seeds."""
    single: float
    """Between repeats with one seed in each setting."""
    freedom: float
    """Degrees of freedom of both."""


def noise_by_seed(scores: Sequence[np.ndarray]) -> SeedNoise:
    """From methods that were run with the same seeds.

    ``scores`` holds an array ``(k methods, seeds)`` per setting. What a seed does to all methods
    alike changes no ranking and isn't noise here: the residual mean square of methods x seeds is.
    Source: protocol section 6, ours.

    >>> noise = noise_by_seed([np.array([[1.0, 2.0, 4.0], [1.0, 3.0, 5.0]])])
    >>> round(noise.single, 3), round(noise.variance, 3), noise.freedom
    (0.167, 0.056, 2.0)

    Raises:
        UndefinedMetricError: One seed in a setting, fewer than two methods, no setting, a missing
            score, or no noise at all.
    """
    settings = [np.asarray(setting, dtype=np.float64) for setting in scores]
    _check([setting.shape[1] for setting in settings])
    variances = [paired_spread(setting) ** 2 / 2 for setting in settings]
    freedom = [(len(setting) - 1) * (setting.shape[1] - 1) for setting in settings]
    return _over(variances, [setting.shape[1] for setting in settings], freedom)


def noise_from_stds(stds: Sequence[Sequence[float]], seeds: Sequence[int]) -> SeedNoise:
    """From methods of which only the standard deviations over seeds are known.

    ``stds`` has one per method for each setting, ``seeds`` the number of seeds of each setting.
    Methods count as independent, so what a seed does to all of them counts as noise, too. Source:
    protocol section 6, ours.

    >>> found = noise_from_stds([[1.0, 1.0]], [4])
    >>> round(found.variance, 3), round(found.single, 3), round(found.freedom, 3)
    (0.25, 1.0, 6.0)

    Raises:
        UndefinedMetricError: One seed in a setting, a setting without a standard deviation, no
            setting, or no noise at all.
    """
    _check(seeds)
    variances = [unpaired_spread(each) ** 2 / 2 for each in stds]
    freedom = [len(each) * (count - 1) for each, count in zip(stds, seeds, strict=True)]
    return _over(variances, seeds, freedom)


def _over(variances: Sequence[float], seeds: Sequence[int], freedom: Sequence[int]) -> SeedNoise:
    settings = len(variances)
    of_means = [variance / count for variance, count in zip(variances, seeds, strict=True)]
    total = math.fsum(of_means)
    if not total > 0:
        raise UndefinedMetricError(NO_NOISE)
    return SeedNoise(
        variance=total / settings**2,
        single=math.fsum(variances) / settings**2,
        freedom=float(satterthwaite(np.array(of_means), np.array(freedom))),
    )


def _check(seeds: Sequence[int]) -> None:
    if not seeds:
        raise UndefinedMetricError("no setting")
    if min(seeds) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("noise needs at least 2 seeds in every setting")

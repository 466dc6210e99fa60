"""Mean and spread over seeds."""

import math
from collections.abc import Sequence

from leaderboard.undefined import UndefinedMetricError


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean over seeds. Source: protocol section 6.

    >>> mean([0.25, 0.75])
    0.5

    Raises:
        UndefinedMetricError: There is no value.
    """
    if not values:
        raise UndefinedMetricError("no complete experiment")
    return math.fsum(values) / len(values)


def sample_std(values: Sequence[float]) -> float:
    """Sample standard deviation over seeds, ``sqrt(sum (x - mean)^2 / (n - 1))``.

    Source: protocol section 6.

    >>> sample_std([1.0, 3.0, 5.0])
    2.0

    Raises:
        UndefinedMetricError: Fewer than two values.
    """
    if len(values) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a spread needs at least 2 seeds")
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))

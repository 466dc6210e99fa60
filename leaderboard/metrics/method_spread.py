"""Whether methods differ by more than their seeds."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from leaderboard.metrics.seed_noise import SeedNoise
from leaderboard.undefined import UndefinedMetricError


@dataclass(frozen=True)
class MethodSpread:
    """How far methods lie apart, beside how far one method's seeds do; in the scores' unit."""

    between: float
    """Standard deviation of the methods' true scores, estimated: 0 if seeds explain it all."""
    seed: float
    """Standard deviation of one method's score with one seed in each setting."""
    p_value: float
    """Of an F test whose null hypothesis is that all methods are equal."""


def method_spread(means: np.ndarray, noise: SeedNoise) -> MethodSpread:
    """The methods' variance component and its test.

    ``means`` are the k methods' scores, means over seeds and settings. Their variance s^2 has the
    expectation between^2 + v, with v the variance of such a mean; if all methods are equal, s^2 / v
    has the F distribution with k - 1 and the noise's degrees of freedom. Source: protocol section
    6, ours; Searle, Casella and McCulloch 1992, doi:10.1002/9780470316856.

    >>> found = method_spread(np.array([70.0, 71.0, 72.0]), SeedNoise(0.25, 1.0, 9.0))
    >>> round(found.between, 3), found.seed, round(found.p_value, 3)
    (0.866, 1.0, 0.057)

    Raises:
        UndefinedMetricError: Fewer than two methods.
    """
    if len(means) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a comparison needs at least 2 methods")
    spread = float(np.var(means, ddof=1))
    return MethodSpread(
        between=math.sqrt(max(0.0, spread - noise.variance)),
        seed=math.sqrt(noise.single),
        p_value=float(fdtrc(len(means) - 1, noise.freedom, spread / noise.variance)),
    )

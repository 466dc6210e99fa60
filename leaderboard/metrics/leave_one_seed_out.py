"""Leave-one-seed-out ranks: how much a ranking depends on single seeds."""

import numpy as np

from leaderboard.metrics.ranks import ranks
from leaderboard.undefined import UndefinedMetricError


def leave_one_seed_out(values: np.ndarray, decimals: int = 2) -> np.ndarray:
    """Ranks of the means over all seeds but one; row s leaves out seed s, shape ``(seeds, k)``.

    ``values`` has the shape ``(k methods, seeds)``, in percent; the seeds are in the same order
    for all methods. Source: protocol section 6.

    >>> leave_one_seed_out(np.array([[70.0, 70.0, 70.0], [60.0, 60.0, 90.0]])).tolist()
    [[2, 1], [2, 1], [1, 2]]

    Raises:
        UndefinedMetricError: Fewer than two seeds, or a method lacks one.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.shape[1] < 2:  # noqa: PLR2004
        raise UndefinedMetricError("leaving a seed out needs at least 2 seeds")
    if not np.isfinite(values).all():
        raise UndefinedMetricError("a seed is missing")
    left = (np.delete(values, seed, axis=1).mean(axis=1) for seed in range(values.shape[1]))
    return np.array([ranks(means.tolist(), decimals) for means in left])

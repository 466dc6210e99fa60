"""Mean of a voxel score over the query patch, at every position of the grid."""

from collections.abc import Sequence

import numpy as np

from nnactive.geometry import clip_size


def patch_means(score: np.ndarray, size: Sequence[int], stride: Sequence[int]) -> np.ndarray:
    """Mean score of the patches at starts 0, s, 2s, ... <= n - p per axis.

    Exact for integer-valued scores (sums below 2**53), so that equal patches tie. If no score is
    negative, no mean is either, despite rounding, and the mean over zeros is 0 (protocol section 5,
    "Aggregation"): running sums of such numbers never decrease and stay constant over zeros. The
    rounding error is about 1e-16 of the largest running sum, so a score should not mix very
    different magnitudes; sums that overflow give ``inf`` or NaN.

    Args:
        score: finite score per voxel, ``(Z, Y, X)``.
        size: query patch size; clipped to the image.
        stride: distance between neighbouring starts.

    Returns:
        float64, one value per grid position.
    """
    depth, height, width = clip_size(size, score.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = [
            # One slice at a time fits in the processor's cache.
            _across(_down(plane.astype(np.float64), height, stride[1]), width, stride[2])
            for plane in score
        ]
        means = _down(np.stack(sums), depth, stride[0])
    means /= depth * height * width
    return means


def _down(values: np.ndarray, extent: int, step: int) -> np.ndarray:
    """Sums over ``extent`` neighbours along the first axis, every ``step``; changes ``values``."""
    for before in range(len(values) - 1):
        values[before + 1] += values[before]
    return _differences(values, extent, step)


def _across(values: np.ndarray, extent: int, step: int) -> np.ndarray:
    """Likewise along the last of two axes."""
    return _differences(np.cumsum(values, axis=1, out=values).T, extent, step).T


def _differences(running: np.ndarray, extent: int, step: int) -> np.ndarray:
    """Sums over ``extent`` neighbours along the first axis from the running sums."""
    sums = running[extent - 1 :: step].copy(order="K")
    sums[1:] -= running[step - 1 :: step][: len(sums) - 1]
    return sums

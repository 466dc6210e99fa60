"""The obvious way from a voxel score to candidates, a reference for the benchmarks only."""

import numpy as np
from scipy.signal import convolve


def obvious_patches(score, size, stride, k):
    """Convolve, sort all positions, and go down the list taking what overlaps nothing taken."""
    means = convolve(score, np.ones(size, dtype=score.dtype) / np.prod(size), mode="valid")
    means = means[tuple(slice(None, None, s) for s in stride)]
    order = np.argsort(-means, axis=None)
    taken = np.empty((0, 3), dtype=int)
    for flat in order:
        start = np.array(np.unravel_index(flat, means.shape)) * stride
        if not (np.abs(taken - start) < size).all(axis=1).any():
            taken = np.vstack([taken, start])
            if len(taken) == k:
                break
    return [tuple(start) for start in taken.tolist()]

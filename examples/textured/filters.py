"""Texture energy: mean absolute response to small filters along each axis."""

import numpy as np
from scipy.ndimage import correlate1d


def energy(image: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Texture energy of an image ``(C, Z, Y, X)`` by kernels ``(K, 5)``: float32 ``(Z, Y, X)``."""
    total = np.zeros(image.shape[1:], dtype=np.float32)
    for kernel in kernels:
        for channel in image:
            for axis in range(channel.ndim):
                total += np.abs(correlate1d(channel, kernel, axis=axis, mode="nearest"))
    return total / (len(kernels) * image.size / total.size * total.ndim)

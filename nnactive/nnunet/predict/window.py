"""nnU-Net's sliding window: where its tiles lie in an image, and how much each voxel counts."""

from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np

from nnactive.geometry import Triple
from nnactive.pool.window import SlidingWindow


def sliding_window(shape: Triple, tile: Sequence[int], step: float) -> SlidingWindow:
    """The window over an image, as nnU-Net's prediction places it.

    Args:
        shape: the image's shape ``(Z, Y, X)``; it is padded with zeros to at least a tile.
        tile: size of a tile.
        step: largest distance between neighbouring tiles, as a fraction of the tile.
    """
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    z, y, x = (int(size) for size in tile)
    padded = tuple(max(n, t) for n, t in zip(shape, (z, y, x), strict=True))
    before_z, before_y, before_x = ((p - n) // 2 for p, n in zip(padded, shape, strict=True))
    steps = compute_steps_for_sliding_window(padded, (z, y, x), step)
    return SlidingWindow(
        shape=shape,
        size=(z, y, x),
        step=step,
        padding=(before_z, before_y, before_x),
        starts=tuple((int(a), int(b), int(c)) for a, b, c in product(*steps)),
        gaussian=partial(_gaussian, (z, y, x)),
    )


def _gaussian(tile: Triple) -> np.ndarray:
    import torch
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian

    options = {"sigma_scale": 1 / 8, "value_scaling_factor": 10, "dtype": torch.float32}
    made = compute_gaussian(tile, device=torch.device("cpu"), **options)
    weights: np.ndarray = made.numpy().copy()  # nnU-Net keeps the original for every window
    return weights

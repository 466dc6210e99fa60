"""One image in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from nnactive.data.raw.files.notes import Note
from nnactive.geometry import Spacing


@dataclass(frozen=True)
class Volume:
    """One image, as read by nnU-Net's SimpleITKIO."""

    array: np.ndarray
    """float32 ``(Z, Y, X)``."""
    spacing: Spacing
    """mm, (z, y, x)."""
    origin: tuple[float, ...]
    """mm, in the file's axis order (x, y, z)."""
    direction: tuple[float, ...]
    """Row-major 3 x 3 matrix of the file's axes."""
    notes: tuple[Note, ...] = ()
    """What is unusual about its file."""


DIMENSIONS = 3
LARGEST_SHIFT = 0.5
"""In voxels: by more than that, a voxel would lie nearer to a neighbour's place."""


def dimension_problem(size: tuple[int, ...], values: int) -> str | None:
    """Why an image isn't a single three-dimensional one, and the way out; None: it is.

    Args:
        size: slowest axis first.
        values: numbers per voxel.
    """
    shown, no = " x ".join(map(str, size)), "not a single three-dimensional image, but"
    if values != 1:
        return (
            f"{no} one of {values} values per voxel (colours or vectors); save each as a channel, "
            "in a file of its own"
        )
    if len(size) < DIMENSIONS:
        return f"{no} a two-dimensional one ({shown}); give whole volumes: training is in 3D"
    if len(size) > DIMENSIONS:
        return f"{no} one of {len(size)} dimensions ({shown}); give one file per channel"
    return None


def corners(shape: Sequence[int]) -> np.ndarray:
    """Indices (x, y, z) of the corners of an image of a shape ``(Z, Y, X)``: ``(8, 3)``."""
    return np.array(list(product(*((0, n - 1) for n in reversed(shape)))), float)

"""Which file format holds an image's geometry."""

from typing import Final

import numpy as np

from benchmark.annotation.rounds.names import NIFTI, NRRD
from nnactive.data.unlabelled.source import Grid

DRIFT: Final = 1e-3
"""Voxels by which a file may displace the far corner of an image."""


def suffix_for(grid: Grid) -> str:
    """The format that holds an image's geometry: NIfTI if it can, else NRRD.

    NIfTI stores offsets in single precision, and its readers take axes at right angles only: they
    rotate others without an error, by voxels at the far end of an image.
    """
    direction = np.reshape(grid.direction, (3, 3))
    left, _, right = np.linalg.svd(direction)
    nearest = left @ right
    spacing = np.array(grid.spacing[::-1])
    extent = spacing * grid.shape[::-1]
    # Nothing moves a corner by more than all axes together.
    skew = np.abs(direction - nearest) @ extent
    origin = np.array(grid.origin)
    rounding = np.abs(origin - origin.astype(np.float32).astype(np.float64))
    return NIFTI if np.max(skew + rounding) / spacing.min() < DRIFT else NRRD

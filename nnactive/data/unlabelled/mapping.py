"""Between a prepared image and the grid of its file: patches, boxes, labels. Pure arithmetic."""

import math
from collections.abc import Sequence

import numpy as np

from nnactive.data.unlabelled.source import Box, Source
from nnactive.geometry import Patch, Triple, as_triple


def box_of(source: Source, patch: Patch) -> Box:
    """The voxels of an image that a patch's labels depend on: what has to be drawn.

    Resampling reads the neighbours of a place, so where the prepared grid isn't the file's, the box
    reaches up to a voxel past the patch. Labels that agree with a complete label map in this box
    give, once resampled, the same labels inside the patch as that map.
    """
    raise NotImplementedError


def core_of(source: Source, patch: Patch) -> Box:
    """The voxels of an image whose centres lie in a patch; no two patches share one.

    At least one voxel on each axis.
    """
    raise NotImplementedError


def to_prepared(source: Source, label: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """A label map in the file's grid as training sees it: as nnU-Net resamples any label map.

    Args:
        source: of the case.
        label: int ``(Z, Y, X)`` in the file's grid.
        spacing: mm of the prepared image, in its axes.

    Returns:
        int16, of shape ``source.stored``.
    """
    raise NotImplementedError


def to_file(source: Source, prepared: np.ndarray, box: Box) -> np.ndarray:
    """A prepared array in a box of the file's grid, each voxel's nearest neighbour.

    Args:
        source: of the case.
        prepared: array of shape ``source.stored``.
        box: in the file's grid; voxels outside the non-zero box are 0.
    """
    raise NotImplementedError


def corner_mm(source: Source, box: Box) -> tuple[tuple[float, float, float], ...]:
    """The eight corners of a box's outer faces in mm, LPS (x, y, z)."""
    raise NotImplementedError


__all__ = [
    "Triple",
    "as_triple",
    "box_of",
    "core_of",
    "corner_mm",
    "math",
    "to_file",
    "to_prepared",
]

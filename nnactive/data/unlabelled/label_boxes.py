"""A box of a resampled label map, from the voxels that it depends on alone.

nnU-Net resamples whole label maps: a minute for a large CT, of which a patch is a thousandth. This
computes the same labels to the last tie, as tests make sure of: each label's indicator is
interpolated linearly, the largest wins, and of equal ones the nearest voxel's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from nnactive.geometry import Spacing, Triple
from nnactive.nnunet.preprocess import nearest_axis, resampled_shape


def resample_label_box(
    label: np.ndarray,
    spacing: Spacing,
    target: Spacing,
    transpose: Sequence[int],
    start: Triple,
    size: Triple,
    outside: np.ndarray | None = None,
) -> np.ndarray:
    """What `nnactive.nnunet.preprocess.resample_label` gives in a box.

    Args:
        label: ``(Z, Y, X)``, whole numbers from 0.
        spacing: mm, (z, y, x), as in the file.
        target: mm, in the axis order after transposition.
        transpose: nnU-Net's ``transpose_forward``.
        start: first voxel of the box, in the axes of the result.
        size: the box's.
        outside: bool ``(Z, Y, X)``, where the image is outside its non-zero mask; None: nowhere.

    Returns:
        int16, of shape ``size``.
    """
    moved = label.transpose(transpose)
    z, y, x = (spacing[axis] for axis in transpose)
    places = _places(moved.shape, (z, y, x), target, start, size)
    # Past an edge lies the edge itself, once more.
    read = np.ix_(
        *(
            np.arange(at.below[0], at.below[-1] + 2).clip(0, n - 1)
            for at, n in zip(places, moved.shape, strict=True)
        )
    )
    marked = moved[read].astype(np.int16)
    if outside is not None:
        marked[(marked == 0) & outside.transpose(transpose)[read]] = -1
    found: np.ndarray = np.maximum(_winners(marked, places), 0)
    return found


@dataclass(frozen=True)
class _Places:
    """Where voxels of a box lie among those of a label map, along one axis."""

    below: np.ndarray
    """The last voxel before each, or at it; -1 before the first."""
    weight: np.ndarray
    """Of the voxel after that; 0: at a voxel, 0.5: halfway."""
    nearest: np.ndarray
    """The nearest voxel; of two the one after."""

    def read(self, voxels: np.ndarray) -> np.ndarray:
        """Where voxels are among those that are read."""
        there: np.ndarray = voxels - self.below[0]
        return there

    def share(self, step: int) -> np.ndarray:
        """How much the voxel below (0) or the one after it (1) weighs."""
        return self.weight if step else 1 - self.weight


def _places(
    shape: Sequence[int], current: Spacing, target: Spacing, start: Triple, size: Triple
) -> list[_Places]:
    """Where the voxels of a box lie among a label map's, by axis."""
    nearest = nearest_axis(current, target)
    places = []
    for axis, stored in enumerate(resampled_shape(shape, current, target)):
        index = np.arange(start[axis], start[axis] + size[axis])
        # To the last bit as SciPy computes it, because equal scores are common.
        at = (index + 0.5) * (shape[axis] / stored) - 0.5
        middle = np.floor(at + 0.5)
        at = middle if axis == nearest else at
        below = np.floor(at)
        places.append(_Places(below.astype(int), at - below, middle.astype(int)))
    return places


def _winners(label: np.ndarray, places: Sequence[_Places]) -> np.ndarray:
    """The label of the largest interpolated indicator at each place; of equal ones the nearest."""
    labels = np.unique(label)
    nearest: np.ndarray = label[np.ix_(*(at.read(at.nearest) for at in places))]
    if len(labels) == 1:
        return nearest
    best, own = np.zeros(nearest.shape), np.zeros(nearest.shape)
    winner = np.full_like(nearest, labels[0])
    for value in labels:
        score = _interpolated(label == value, places)
        winner[score > best] = value
        own[nearest == value] = score[nearest == value]
        np.maximum(best, score, out=best)
    return np.where(own == best, nearest, winner)


def _interpolated(indicator: np.ndarray, places: Sequence[_Places]) -> np.ndarray:
    """An indicator interpolated linearly, within [0, 1]."""
    score: np.ndarray = np.zeros([len(at.below) for at in places])
    for corner in product((0, 1), repeat=3):
        axes = list(zip(places, corner, strict=True))
        z, y, x = (at.share(step) for at, step in axes)
        value = indicator[np.ix_(*(at.read(at.below + step) for at, step in axes))]
        score += value * z[:, None, None] * y[:, None] * x
    return score.clip(0, 1)

"""Boundaries off by a smooth random displacement, known at every voxel without the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from nnactive.geometry import Patch, Spacing, Triple

KNOTS = 4
"""Knots of a cubic B-spline that matter at a point."""


@dataclass(frozen=True)
class Displacement:
    """A Gaussian random field of displacements over an image.

    Each component, in mm along its axis, has mean 0 and the given standard deviation at every
    voxel. It is a cubic B-spline over independent draws on a lattice, scaled at every voxel to that
    deviation; the correlation of two points falls to about a half at the lattice's spacing, and to
    0 at four times that. Only the lattice is stored, so a box takes as much memory as the box.
    """

    knots: np.ndarray
    """float32 ``(3, Kz, Ky, Kx)``, standard normal."""
    spacing: Spacing
    """mm, (z, y, x)."""
    deviation: float
    """mm."""
    length: float
    """mm between knots."""

    @classmethod
    def drawn(
        cls,
        shape: Triple,
        spacing: Spacing,
        deviation: float,
        length: float,
        rng: np.random.Generator,
    ) -> "Displacement":
        """Draw the field of an image of ``shape``; see the class for the other arguments."""
        counts = [
            floor((n - 1) * mm / length) + KNOTS for n, mm in zip(shape, spacing, strict=True)
        ]
        knots = rng.standard_normal((3, *counts), dtype=np.float32)
        return cls(knots, spacing, deviation, length)

    def inside(self, box: Patch) -> np.ndarray:
        """Displacements in voxels in a box of the image, float32 ``(3, z, y, x)``."""
        found = self.knots
        for axis, (start, stop) in enumerate(zip(box.start, box.stop, strict=True), start=1):
            first, weights = self._weights(start, stop, axis)
            part = np.take(found, range(first, first + weights.shape[1]), axis=axis)
            found = np.moveaxis(np.tensordot(part, weights, axes=(axis, 1)), -1, axis)
        mm = np.array(self.spacing, dtype=np.float32).reshape(3, 1, 1, 1)
        displaced: np.ndarray = found * (np.float32(self.deviation) / mm)
        return displaced

    def _weights(self, start: int, stop: int, axis: int) -> tuple[int, np.ndarray]:
        """First knot that matters on an axis, and weights ``(voxel, knot)`` from there."""
        places = np.arange(start, stop) * (self.spacing[axis - 1] / self.length)
        # Rounding may put the image's last voxel a cell further than there are knots.
        cells = np.floor(places).astype(np.int64).clip(max=self.knots.shape[axis] - KNOTS)
        each = _spline(places - cells)
        each /= np.sqrt((each**2).sum(axis=1, keepdims=True))
        first = int(cells[0])
        weights = np.zeros((stop - start, int(cells[-1]) - first + KNOTS), dtype=np.float32)
        rows = np.arange(stop - start)[:, None]
        weights[rows, (cells - first)[:, None] + np.arange(KNOTS)] = each
        return first, weights


def _spline(t: np.ndarray) -> np.ndarray:
    """Weights of the four knots around each place between two knots, ``(n, 4)``, t from 0 to 1."""
    return np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1
    ) / np.float64(6)


def displaced(label: np.ndarray, box: Patch, field: Displacement) -> np.ndarray:
    """Labels of a box, each taken from the voxel that the field points to.

    Args:
        label: the case's label map, ``(Z, Y, X)``; what lies beyond it is like its outermost voxel.
        box: where.
        field: of this image.

    Returns:
        Labels of the box, of ``label``'s type.
    """
    moved = np.rint(field.inside(box)).astype(np.int32)
    index = []
    for axis, (start, size) in enumerate(zip(box.start, box.size, strict=True)):
        line: Sequence[int] = [1, 1, 1]
        own = np.arange(start, start + size, dtype=np.int32).reshape(
            [size if a == axis else n for a, n in enumerate(line)]
        )
        index.append(np.clip(moved[axis] + own, 0, label.shape[axis] - 1))
    taken: np.ndarray = label[tuple(index)]
    return taken

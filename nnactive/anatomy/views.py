"""Axial, coronal and sagittal planes of an array, as radiologists look at them.

The patient's right is on the left of axial and coronal planes, anterior is at the top of axial and
on the left of sagittal ones, and superior is at the top of coronal and sagittal ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nnactive.anatomy.axes import ASSUMED, OPPOSITE

PLANES: Final = (("axial", "S", "P", "L"), ("coronal", "P", "I", "L"), ("sagittal", "L", "I", "P"))
"""Name of each plane, a side that it lies across to, and those at its bottom and on its right."""


@dataclass(frozen=True)
class View:
    """One of the planes, of arrays whose axes point to known sides."""

    name: str
    axis: int
    """Of the array, across the plane."""
    rows: int
    """Axis of the array that runs along a column of pixels."""
    columns: int
    """Axis of the array that runs along a row of pixels."""
    flipped: tuple[bool, bool]
    """Whether the array's numbers grow upwards, and to the left."""
    bottom: str
    """Letter of the side at the bottom; the opposite one is at the top."""
    right: str
    """Letter of the side on the right."""

    @property
    def top(self) -> str:
        """Letter of the side at the top."""
        return OPPOSITE[self.bottom]

    @property
    def left(self) -> str:
        """Letter of the side on the left."""
        return OPPOSITE[self.right]

    def upright(self, plane: np.ndarray) -> np.ndarray:
        """A plane as it is looked at.

        Args:
            plane: what ``np.take(volume, at, view.axis)`` leaves of an array ``(Z, Y, X)``; colours
                may follow on a third axis.

        Returns:
            A view of the same values, first row at the top.
        """
        shown = plane if self.rows < self.columns else plane.swapaxes(0, 1)
        down, right = (-1 if flip else 1 for flip in self.flipped)
        return shown[::down, ::right]

    def box(
        self, start: Sequence[float], size: Sequence[float], shape: Sequence[float]
    ) -> tuple[float, float, float, float]:
        """A box of the array as ``(top, left, height, width)`` on the upright plane.

        All in voxels, or all in mm.
        """
        found = []
        for axis, flip in zip((self.rows, self.columns), self.flipped, strict=True):
            first = start[axis]
            found.append(shape[axis] - first - size[axis] if flip else first)
        return found[0], found[1], size[self.rows], size[self.columns]


def views(toward: str | None) -> tuple[View, View, View]:
    """The axial, the coronal and the sagittal view of arrays.

    Args:
        toward: sides that the arrays' axes point to, as `towards` gives them; None: not known, so
            `ASSUMED`.
    """
    axial, coronal, sagittal = (_view(toward or ASSUMED, *plane) for plane in PLANES)
    return axial, coronal, sagittal


def _view(toward: str, name: str, across: str, bottom: str, right: str) -> View:
    (axis, _), (rows, up), (columns, leftwards) = (
        _axis(toward, side) for side in (across, bottom, right)
    )
    return View(name, axis, rows, columns, (up, leftwards), bottom, right)


def _axis(toward: str, side: str) -> tuple[int, bool]:
    """The axis that points to a side or away from it, and whether it is the latter."""
    for axis, letter in enumerate(toward):
        if letter in {side, OPPOSITE[side]}:
            return axis, letter != side
    raise ValueError(f"no axis of {toward!r} points to {side} or {OPPOSITE[side]}")

"""Where a file's voxels lie in the grid of an image, and how to say where they don't."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nnactive.data.unlabelled.source import Box, Grid
from nnactive.geometry import Triple, as_triple
from nnactive.io.formatting import numbers

AXES: Final = "zyx"
NEAR: Final = 0.1
"""In voxels: less is a header's rounding; half a voxel is a tool's mistake."""


@dataclass(frozen=True)
class Lie:
    """Where a file's array lies once its axes run as the image's, all (z, y, x)."""

    order: Triple
    """Axis of the file by axis of the image."""
    flipped: tuple[bool, bool, bool]
    """Whether it runs the other way, by axis of the image."""
    start: tuple[float, float, float]
    """Voxel of the image at which its first one lies."""
    size: Triple

    @property
    def turned(self) -> bool:
        """Whether the axes aren't the image's as they are."""
        return self.order != (0, 1, 2) or any(self.flipped)

    @property
    def box(self) -> Box | None:
        """The voxels of the image that it has; None: it lies between them."""
        start = np.rint(self.start)
        if np.abs(start - self.start).max() > NEAR:
            return None
        return Box(start=as_triple(start), size=self.size)

    def is_at(self, box: Box) -> bool:
        """Whether the file has the voxels of a box, and no others."""
        return self.box == box

    def oriented(self, array: np.ndarray) -> np.ndarray:
        """The file's array ``(Z, Y, X)`` in the image's axes; a view."""
        steps = tuple(slice(None, None, -1) if back else slice(None) for back in self.flipped)
        return array.transpose(self.order)[steps]


def axes_of(grid: Grid) -> np.ndarray:
    """What one voxel along each axis (x, y, z) adds to a place in mm: ``(3, 3)``, by column."""
    direction = np.reshape(grid.direction, (3, 3))
    return np.asarray(direction * np.array(grid.spacing[::-1]), float)


def crop_grid(grid: Grid, box: Box) -> Grid:
    """The grid of a box of an image."""
    corner = np.add(grid.origin, axes_of(grid) @ np.array(box.start[::-1], float))
    x, y, z = (float(value) for value in corner)
    return grid.model_copy(update={"shape": box.size, "origin": (x, y, z)})


def lie_of(image: Grid, file: Grid) -> Lie | None:
    """Where a file lies in an image's grid.

    Returns:
        None if its axes aren't the image's, in whatever order and direction, or its voxels are of
        another size.
    """
    inverse = np.linalg.inv(axes_of(image))
    turn = inverse @ axes_of(file)
    whole = np.rint(turn)
    if not (np.abs(whole).sum(axis=0) == 1).all() or not (np.abs(whole).sum(axis=1) == 1).all():
        return None
    half = (np.array(file.shape[::-1], float) - 1) / 2
    if (np.abs(turn - whole) @ half).max() > NEAR:
        return None
    # Measured at the centre, where a header's rounding moves voxels least.
    centre = turn @ half + inverse @ np.subtract(file.origin, image.origin)
    first = centre - np.abs(whole) @ half
    from_axis = np.abs(whole).argmax(axis=1)
    order = as_triple(2 - from_axis[::-1])
    z, y, x = (bool(whole[i, from_axis[i]] < 0) for i in (2, 1, 0))
    a, b, c = (float(value) for value in first[::-1])
    size = as_triple(file.shape[axis] for axis in order)
    return Lie(order, (z, y, x), (a, b, c), size)


def cut(array: np.ndarray, held: Box, box: Box, fill: int | None = None) -> np.ndarray | None:
    """What an array has in a box.

    Args:
        array: ``(Z, Y, X)``, in the image's axes.
        held: the voxels of the image that it has.
        box: the wanted ones.
        fill: value of those that it lacks; None: it must have them all.

    Returns:
        A copy, of the size of the box; None if voxels are missing and nothing fills them.
    """
    low = np.maximum(held.start, box.start)
    high = np.minimum(held.stop, box.stop)
    is_whole = tuple(low) == box.start and tuple(high) == box.stop
    if not is_whole and fill is None:
        return None
    found = np.full(box.size, fill or 0, array.dtype)
    if (low < high).all():
        inner = tuple(slice(a, b) for a, b in zip(low - box.start, high - box.start, strict=True))
        outer = tuple(slice(a, b) for a, b in zip(low - held.start, high - held.start, strict=True))
        found[inner] = array[outer]
    return found


def difference(image: Grid, box: Box, file: Grid) -> str:
    """In what a file's grid isn't that of a box of an image."""
    wanted = crop_grid(image, box)
    lie = lie_of(image, file)
    if lie is None:
        return _other_axes(wanted, file)
    if lie.size != box.size:
        return f"has {shape_text(lie.size)} voxels (z, y, x), not {shape_text(box.size)}"
    if any(lie.flipped):
        return (
            f"is flipped along {_joined([a for a, f in zip(AXES, lie.flipped, strict=True) if f])}"
        )
    return f"is shifted by {shift_text(np.subtract(lie.start, box.start))}"


def shift_text(shift: Sequence[float] | np.ndarray) -> str:
    """A shift (z, y, x) in voxels, in words.

    >>> shift_text((0, -2, 1))
    '-2 voxels along y and 1 voxel along x'
    """
    moved = [(round(float(n), 2), axis) for n, axis in zip(shift, AXES, strict=True)]
    return _joined([
        f"{n:g} voxel{'' if abs(n) == 1 else 's'} along {axis}" for n, axis in moved if n
    ]) or "less than a voxel"  # fmt: skip


def shape_text(shape: Sequence[int]) -> str:
    """A size: ``12 x 40 x 40``."""
    return " x ".join(map(str, shape))


def _other_axes(wanted: Grid, file: Grid) -> str:
    if sorted(file.shape) != sorted(wanted.shape):
        sizes = f"{shape_text(file.shape)} voxels (z, y, x) of {numbers(file.spacing, ' x ')} mm"
        return f"has {sizes}, not {shape_text(wanted.shape)} of {numbers(wanted.spacing, ' x ')} mm"
    if not np.allclose(sorted(file.spacing), sorted(wanted.spacing), rtol=1e-3):
        return (
            f"has the spacing {numbers(file.spacing, ' x ')} mm (z, y, x), not "
            f"{numbers(wanted.spacing, ' x ')}"
        )
    turn = np.reshape(wanted.direction, (3, 3)).T @ np.reshape(file.direction, (3, 3))
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    return f"has another direction: its axes are turned by {angle:.3g} degrees"


def _joined(words: Sequence[str]) -> str:
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last

"""Between a prepared image and the grid of its file: patches, boxes, labels. Pure arithmetic."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from nnactive.data.unlabelled.label_boxes import resample_label_box
from nnactive.data.unlabelled.source import Box, Source
from nnactive.geometry import Patch, Spacing, as_triple
from nnactive.nnunet.preprocess import resample_label

if TYPE_CHECKING:
    import numpy as np

THICK = 3
"""nnU-Net takes the nearest slice across voxels that are more than so many times as long."""


def box_of(source: Source, patch: Patch) -> Box:
    """The voxels of an image that a patch's labels depend on: what has to be drawn.

    Resampling reads the neighbours of a place, so where the prepared grid isn't the file's, the box
    reaches up to a voxel past the patch. Labels that agree with a complete label map in this box
    give, once resampled, the same labels inside the patch as that map.
    """
    return _box(source, patch, partial(_read, source))


def core_of(source: Source, patch: Patch) -> Box:
    """The voxels of a patch's box whose centres lie in the patch.

    At least one voxel on each axis. Patches that don't overlap share none, unless one is thinner
    than a voxel.
    """

    def inside(axis: int, first: int, last: int) -> tuple[int, int]:
        size, stored = source.crop_size[axis], source.stored[source.transpose.index(axis)]
        low, stop = (_first_centre(index, size, stored) for index in (first, last + 1))
        if low < stop:
            return low, stop - 1
        middle = (first + last + 1) * size // (2 * stored)
        return middle, middle

    box, core = box_of(source, patch), _box(source, patch, inside)
    start = as_triple(max(a, b) for a, b in zip(box.start, core.start, strict=True))
    stop = (min(a, b) for a, b in zip(box.stop, core.stop, strict=True))
    return Box(start=start, size=as_triple(b - a for a, b in zip(start, stop, strict=True)))


def to_prepared(
    source: Source,
    label: "np.ndarray",
    spacing: Sequence[float],
    outside: "np.ndarray | None" = None,
) -> "np.ndarray":
    """A label map in the file's grid as training sees it: as nnU-Net resamples any label map.

    Args:
        source: of the case.
        label: int ``(Z, Y, X)`` in the file's grid.
        spacing: mm of the prepared image, in its axes.
        outside: bool, of shape ``source.crop_size``: voxels outside the image's non-zero mask,
            which compete as a label of their own while background is resampled; None: none are.

    Returns:
        int16, of shape ``source.stored``.
    """
    z, y, x = (float(mm) for mm in spacing)
    box = Box(start=source.crop_start, size=source.crop_size).slices
    return resample_label(label[box], source.grid.spacing, (z, y, x), source.transpose, outside)


def patch_to_prepared(
    source: Source,
    label: "np.ndarray",
    spacing: Sequence[float],
    patch: Patch,
    outside: "np.ndarray | None" = None,
) -> "np.ndarray":
    """What `to_prepared` gives in a patch, in a fraction of its time.

    Returns:
        int16, of shape ``patch.size``.
    """
    z, y, x = (float(mm) for mm in spacing)
    box = Box(start=source.crop_start, size=source.crop_size).slices
    return resample_label_box(
        label[box],
        source.grid.spacing,
        (z, y, x),
        source.transpose,
        patch.start,
        patch.size,
        outside,
    )


def known_in(source: Source, known: "np.ndarray") -> "np.ndarray":
    """The prepared voxels of which all that a box of them depends on is known.

    Args:
        source: of the case.
        known: bool ``(Z, Y, X)`` in the file's grid.

    Returns:
        bool, of shape ``source.stored``: any box of voxels that are all true has a `box_of` that is
        all true in ``known``.
    """
    import numpy as np

    inner = known[Box(start=source.crop_start, size=source.crop_size).slices]
    result = inner.transpose(source.transpose)
    for place, axis in enumerate(source.transpose):
        size, stored = source.crop_size[axis], source.stored[place]
        reads = [_read(source, axis, index, index) for index in range(stored)]
        # Up to the next voxel's first one: a box also has what lies between.
        follows = [first for first, _ in reads[1:]] + [size]
        ends = [
            max(last + 1, follow) if follow < size else size
            for (_, last), follow in zip(reads, follows, strict=True)
        ]
        indices = [n for (first, _), end in zip(reads, ends, strict=True) for n in (first, end)]
        padded = np.concatenate([result, result.take([-1], axis=place)], axis=place)
        result = np.logical_and.reduceat(padded, indices, axis=place)
        result = result[tuple(slice(None, None, 2 if p == place else 1) for p in range(3))]
    return np.ascontiguousarray(result)


def to_file(source: Source, prepared: "np.ndarray", box: Box) -> "np.ndarray":
    """A prepared array in a box of the file's grid, each voxel's nearest neighbour.

    Args:
        source: of the case.
        prepared: array of shape ``source.stored``.
        box: in the file's grid; voxels outside the non-zero box are 0.
    """
    import numpy as np

    places, inside = [], []
    for axis in source.transpose:
        size, stored = source.crop_size[axis], source.stored[source.transpose.index(axis)]
        voxels = np.arange(box.start[axis], box.stop[axis]) - source.crop_start[axis]
        known = (voxels >= 0) & (voxels < size)
        places.append((2 * voxels[known] + 1) * stored // (2 * size))
        inside.append(known)
    result = np.zeros([box.size[axis] for axis in source.transpose], prepared.dtype)
    result[np.ix_(*inside)] = prepared[np.ix_(*places)]
    back = [source.transpose.index(axis) for axis in range(3)]
    return np.ascontiguousarray(result.transpose(back))


def corner_mm(source: Source, box: Box) -> tuple[tuple[float, float, float], ...]:
    """The eight corners of a box's outer faces in mm, LPS (x, y, z); x changes first."""
    grid = source.grid
    sides = ((a - 0.5, b - 0.5) for a, b in zip(box.start, box.stop, strict=True))
    corners = []
    for index in product(*sides):
        steps = [n * mm for n, mm in zip(index[::-1], grid.spacing[::-1], strict=True)]
        x, y, z = (
            origin
            + math.fsum(grid.direction[3 * row + column] * steps[column] for column in range(3))
            for row, origin in enumerate(grid.origin)
        )
        corners.append((x, y, z))
    return tuple(corners)


def _box(source: Source, patch: Patch, ends: Callable[[int, int, int], tuple[int, int]]) -> Box:
    """A box by the first and last voxel of the non-zero box on each axis, from the patch's."""
    start, size = [0, 0, 0], [0, 0, 0]
    for place, axis in enumerate(source.transpose):
        first, last = ends(axis, patch.start[place], patch.stop[place] - 1)
        start[axis] = source.crop_start[axis] + first
        size[axis] = last + 1 - first
    return Box(start=as_triple(start), size=as_triple(size))


def _read(source: Source, axis: int, first: int, last: int) -> tuple[int, int]:
    """First and last voxel of the non-zero box that some prepared voxels depend on.

    Args:
        source: of the case.
        axis: the file's.
        first: prepared voxel.
        last: prepared voxel.
    """
    size, stored = source.crop_size[axis], source.stored[source.transpose.index(axis)]
    low, high = (min(max(_place(n, size, stored), 0), size - 1) for n in (first, last))
    if axis == _nearest_axis(source.grid.spacing):
        return math.floor(low + 0.5), math.floor(high + 0.5)
    return math.floor(low), math.ceil(high)


def _place(index: int, size: int, stored: int) -> float:
    """Where a prepared voxel's centre lies among the centres of the file's voxels.

    To the last bit as nnU-Net's libraries compute it: a neighbour of weight 0 isn't read.
    """
    return (index + 0.5) * (size / stored) - 0.5


def _first_centre(index: int, size: int, stored: int) -> int:
    """First voxel of the file whose centre lies in prepared voxel ``index`` or past it."""
    return -((stored - 2 * index * size) // (2 * stored))


def _nearest_axis(spacing: Spacing) -> int | None:
    """The axis that nnU-Net resamples by the nearest slice, as far as the file tells."""
    longest = max(spacing)
    axes = [axis for axis, mm in enumerate(spacing) if longest / mm == 1]
    return axes[0] if len(axes) == 1 and longest / min(spacing) > THICK else None

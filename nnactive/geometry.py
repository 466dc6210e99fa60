"""Patches and the arithmetic of boxes; axis order (z, y, x), in voxels unless stated otherwise."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

Triple = tuple[int, int, int]
WHOLE: Final = 1 << 16
"""Size of a query patch along an axis on which it takes all of every image."""
Spacing = tuple[float, float, float]
"""Voxel size in mm, axis order (z, y, x)."""


@dataclass(frozen=True, order=True)
class Patch:
    """An axis-aligned box in one case: ``start`` inclusive, ``start + size`` exclusive.

    Sorts by case id, then start, which is the order that breaks ties everywhere.
    """

    case: str
    start: Triple
    size: Triple
    loop: int | None = field(default=None, compare=False, repr=False, kw_only=True)
    """Loop that labelled it, 0 for the starting budget; None if it isn't labelled. Patches of the
    same box are equal whatever their loops."""

    @property
    def stop(self) -> Triple:
        """First voxel past the box on each axis."""
        z, y, x = (a + s for a, s in zip(self.start, self.size, strict=True))
        return z, y, x

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the box in an array of shape ``(Z, Y, X)``."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def voxels(self) -> int:
        """Number of voxels in the box."""
        return math.prod(self.size)

    def overlaps(self, other: "Patch") -> bool:
        """Whether the two boxes share a voxel of the same case."""
        return self.case == other.case and all(
            a < d and c < b
            for a, b, c, d in zip(self.start, self.stop, other.start, other.stop, strict=True)
        )

    def shared(self, other: "Patch") -> int:
        """Number of voxels that both boxes hold."""
        if self.case != other.case:
            return 0
        sides = zip(self.start, self.stop, other.start, other.stop, strict=True)
        return math.prod(max(0, min(b, d) - max(a, c)) for a, b, c, d in sides)

    def inside(self, shape: Sequence[int]) -> bool:
        """Whether the box lies entirely within an image of ``shape`` ``(Z, Y, X)``."""
        return all(a >= 0 for a in self.start) and all(
            b <= n for b, n in zip(self.stop, shape, strict=True)
        )


def as_triple(values: Iterable[Any]) -> Triple:
    """Three plain integers from any iterable of three whole numbers."""
    z, y, x = (int(v) for v in values)
    return z, y, x


def clip_size(size: Sequence[int], shape: Sequence[int]) -> Triple:
    """Query patch size in an image of ``shape``: at most the image's extent on each axis."""
    return as_triple(min(p, n) for p, n in zip(size, shape, strict=True))


def slice_size(axis: int) -> Triple:
    """Query patch size of one whole slice, which has one voxel along ``axis``."""
    z, y, x = (1 if a == axis else WHOLE for a in range(3))
    return z, y, x


def slices_along(size: Sequence[int], slice_axis: int = 0) -> int:
    """Axis along which a box is looked at slice by slice.

    It is the dataset's, but a box of one voxel's thickness is itself a slice, whichever axis it
    lies across.

    Args:
        size: of the box, ``(z, y, x)``.
        slice_axis: across which the dataset's slices lie.
    """
    return slice_axis if size[slice_axis] == 1 or 1 not in size else list(size).index(1)


def size_text(size: Sequence[int], times: str = "x") -> str:
    """A query patch size in words.

    >>> size_text((4, 40, 40)), size_text(slice_size(0), " x ")
    ('4x40x40', '1 x whole x whole')
    """
    return times.join("whole" if n >= WHOLE else str(n) for n in size)


def patch_around(
    case: str, voxel: Sequence[int], size: Sequence[int], shape: Sequence[int]
) -> Patch:
    """Patch centred on ``voxel``, shifted into the image: ``min(max(v - p // 2, 0), n - p)``.

    ``size`` is the query patch size before clipping (protocol section 5, "ours" for odd sizes).
    """
    clipped = clip_size(size, shape)
    start = as_triple(
        min(max(int(v) - p // 2, 0), n - p) for v, p, n in zip(voxel, clipped, shape, strict=True)
    )
    return Patch(case, start, clipped)


def random_patch(
    case: str, size: Sequence[int], shape: Sequence[int], rng: "np.random.Generator"
) -> Patch:
    """Patch whose start is uniform over the ``n - p + 1`` positions per axis."""
    clipped = clip_size(size, shape)
    start = as_triple(
        rng.integers(0, n - p, endpoint=True) for p, n in zip(clipped, shape, strict=True)
    )
    return Patch(case, start, clipped)


def grid_of_tiles(
    case: str, size: Sequence[int], shape: Sequence[int], rng: "np.random.Generator"
) -> list[Patch]:
    """Adjacent patches on a regular grid, sorted by start; the grid's offset is drawn uniformly.

    The offset is below the patch size and leaves room for a whole patch.
    """
    clipped = clip_size(size, shape)
    axes = [
        range(int(rng.integers(min(p, n - p + 1))), n - p + 1, p)
        for p, n in zip(clipped, shape, strict=True)
    ]
    return [Patch(case, as_triple(start), clipped) for start in product(*axes)]


def overlaps_any(patch: Patch, others: Iterable[Patch]) -> bool:
    """Whether ``patch`` shares a voxel with any of ``others``."""
    return any(patch.overlaps(other) for other in others)

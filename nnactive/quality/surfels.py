"""Surface elements of a binary mask: where they lie, and their areas.

Marching cubes (Lorensen and Cline 1987, DOI 10.1145/37401.37422): a cell has the centres of
2 x 2 x 2 voxels as corners; the surface in it passes half-way between a voxel of the mask and one
outside. Areas are those of Nikolov et al. 2021 (DOI 10.2196/26151) and of MONAI.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

Corner = tuple[int, int, int]
Edge = frozenset[Corner]
Triangles = tuple[tuple[int, int, int], ...]
CODES = 256
"""Masks of a cell: bit ``z + 2y + 4x`` is its corner (z, y, x)."""
WHOLE = CODES - 1
HALF = 4
"""Corners of half a cell."""


class Surfels(NamedTuple):
    """A mask's surface elements."""

    places: np.ndarray
    """Whether a cell has one, bool ``(Z + 1, Y + 1, X + 1)``."""
    areas: np.ndarray
    """Their areas in mm², in the order of the places, float64."""


def surfels(mask: np.ndarray, spacing: Sequence[float]) -> Surfels:
    """Surface elements of a mask; voxels outside the array are not part of it.

    Args:
        mask: bool ``(Z, Y, X)``.
        spacing: mm, (z, y, x).

    >>> one = surfels(np.ones((1, 1, 1), dtype=bool), (1.0, 1.0, 1.0))
    >>> int(one.places.sum()), round(float(one.areas.sum()), 3)
    (8, 1.732)
    """
    codes: np.ndarray = np.pad(mask.view(np.uint8), 1)
    codes = codes[:-1] | codes[1:] << 1
    codes = codes[:, :-1] | codes[:, 1:] << 2
    codes = codes[:, :, :-1] | codes[:, :, 1:] << 4
    places = (codes != 0) & (codes != WHOLE)
    return Surfels(places, surfel_areas(tuple(spacing))[codes[places]])


@lru_cache(maxsize=16)
def surfel_areas(spacing: tuple[float, ...]) -> np.ndarray:
    """Area of the surface in a cell by its code, in mm², float64 ``(256,)``."""
    scale = np.asarray(spacing, dtype=np.float64)
    areas = np.zeros(CODES)
    for code in range(CODES):
        for polygon, triangles in _polygons(code):
            areas[code] += _area(polygon * scale, triangles)
    areas.setflags(write=False)
    return areas


@lru_cache(maxsize=CODES)
def _polygons(code: int) -> tuple[tuple[np.ndarray, Triangles], ...]:
    """The polygons of a cell's surface, ``(n, 3)`` in voxels, and their triangles."""
    inside = {(z, y, x) for z, y, x in product((0, 1), repeat=3) if code >> (z + 2 * y + 4 * x) & 1}
    found = []
    for loop in _loops(inside):
        polygon = np.array([np.mean(sorted(edge), axis=0) for edge in loop])
        # Among the triangulations of a polygon that isn't flat, the one of the largest area.
        best = max(
            _triangulations(0, len(loop) - 1), key=lambda each: round(_area(polygon, each), 9)
        )
        found.append((polygon, best))
    return tuple(found)


def _loops(inside: set[Corner]) -> Iterator[list[Edge]]:
    """Closed paths over the crossed edges of a cell."""
    following = dict[Edge, list[Edge]]()
    for one, other in _segments(inside):
        following.setdefault(one, []).append(other)
        following.setdefault(other, []).append(one)
    while following:
        loop = [next(iter(following))]
        while following[loop[-1]]:
            after = following[loop[-1]].pop()
            following[after].remove(loop[-1])
            loop.append(after)
        loop.pop()
        yield loop
        for edge in loop:
            del following[edge]


def _segments(inside: set[Corner]) -> Iterator[tuple[Edge, Edge]]:
    """Lines of the surface on the faces of a cell.

    Where two opposite corners of a face are inside, either these or the others are cut off: those
    inside if they are the fewer ones of the cell.
    """
    cut_off = len(inside) < HALF
    for axis, side in product(range(3), (0, 1)):
        ring = [_corner(axis, side, place) for place in ((0, 0), (0, 1), (1, 1), (1, 0))]
        edges = [frozenset((ring[n - 1], ring[n])) for n in range(4)]
        crossed = [n for n in range(4) if (ring[n - 1] in inside) != (ring[n] in inside)]
        if len(crossed) == len(ring):
            for n in range(4):
                if (ring[n] in inside) == cut_off:
                    yield edges[n], edges[(n + 1) % 4]
        elif crossed:
            one, other = crossed
            yield edges[one], edges[other]


def _corner(axis: int, side: int, place: tuple[int, int]) -> Corner:
    rest = list(place)
    rest.insert(axis, side)
    z, y, x = rest
    return z, y, x


def _triangulations(first: int, last: int) -> Iterator[Triangles]:
    """All ways to cut the polygon of the vertices from ``first`` to ``last`` into triangles."""
    if last - first < 2:  # noqa: PLR2004  (two vertices: a line)
        yield ()
        return
    for apex in range(first + 1, last):
        for before in _triangulations(first, apex):
            for after in _triangulations(apex, last):
                yield (*before, (first, apex, last), *after)


def _area(polygon: np.ndarray, triangles: Triangles) -> float:
    corners = polygon[np.array(triangles)]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(across, axis=1).sum() / 2)

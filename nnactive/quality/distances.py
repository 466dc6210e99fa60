"""Surfaces of one test case, class by class: areas, and how far they lie apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnactive.geometry import Spacing
from nnactive.quality.surfaces import Surfaces, Table
from nnactive.quality.surfels import Surfels, surfels

PERCENTILE = 0.95
ROUNDING = 1 + 1e-6
"""A distance of a voxel, computed from two places, is off by a rounding error."""
LEAF = 32
Box = tuple[slice, ...]


@dataclass(frozen=True)
class CaseSurfaces:
    """Of one case; see `Surfaces`, whose columns these become."""

    reference: tuple[float, ...]
    predicted: tuple[float, ...]
    reference_near: tuple[tuple[float, ...], ...]
    predicted_near: tuple[tuple[float, ...], ...]
    hausdorff95: tuple[float | None, ...]
    diagonal: float


@dataclass(frozen=True)
class _Between:
    """Of one class."""

    reference: float
    predicted: float
    reference_near: tuple[float, ...]
    predicted_near: tuple[float, ...]
    hausdorff95: float | None


def tolerances_of(spacing: Spacing) -> tuple[float, float]:
    """One and two voxels in mm; of an anisotropic grid, the middle one of its three spacings.

    >>> tolerances_of((5.0, 1.5625, 1.5625))
    (1.5625, 3.125)
    """
    voxel = sorted(spacing)[1]
    return voxel, 2 * voxel


def case_surfaces(
    reference: np.ndarray,
    predicted: np.ndarray,
    n_classes: int,
    spacing: Spacing,
    tolerances: Sequence[float],
) -> CaseSurfaces:
    """Surfaces of each foreground class in both label maps; only boxes around a class are copied.

    Args:
        reference: labels ``(Z, Y, X)``, 0 is background.
        predicted: likewise, of the same shape.
        n_classes: number of classes, background included.
        spacing: mm, (z, y, x).
        tolerances: mm.
    """
    from scipy.ndimage import find_objects

    boxes = [find_objects(each, max_label=n_classes - 1) for each in (reference, predicted)]
    found = []
    for value in range(1, n_classes):
        box = _around([each[value - 1] for each in boxes])
        masks = (reference[box] == value, predicted[box] == value)
        found.append(
            _between(surfels(masks[0], spacing), surfels(masks[1], spacing), spacing, tolerances)
        )
    near = range(len(tolerances))
    return CaseSurfaces(
        reference=tuple(each.reference for each in found),
        predicted=tuple(each.predicted for each in found),
        reference_near=tuple(tuple(each.reference_near[n] for each in found) for n in near),
        predicted_near=tuple(tuple(each.predicted_near[n] for each in found) for n in near),
        hausdorff95=tuple(each.hausdorff95 for each in found),
        diagonal=short(float(np.linalg.norm(np.array(reference.shape) * spacing))),
    )


def surfaces_of(cases: Sequence[CaseSurfaces], tolerances: Sequence[float]) -> Surfaces:
    """What is measured of all cases, in the columns of a file."""

    def columns(name: str) -> tuple[tuple[Any, ...], ...]:
        return tuple(zip(*(getattr(case, name) for case in cases), strict=True))

    def near(name: str) -> tuple[Table, ...]:
        rows = [getattr(case, name) for case in cases]
        return tuple(
            tuple(zip(*(row[n] for row in rows), strict=True)) for n in range(len(tolerances))
        )

    return Surfaces(
        tolerances=tuple(short(each) for each in tolerances),
        reference=columns("reference"),
        predicted=columns("predicted"),
        reference_near=near("reference_near"),
        predicted_near=near("predicted_near"),
        hausdorff95=columns("hausdorff95"),
        diagonals=tuple(case.diagonal for case in cases),
    )


def short(value: float) -> float:
    """Five significant digits, which a file holds.

    >>> short(1234.5678)
    1234.6
    """
    return float(f"{value:.5g}")


def _around(boxes: Sequence[Box | None]) -> Box:
    """The smallest box around others; empty without any."""
    known = [box for box in boxes if box is not None]
    if not known:
        return (slice(0, 0),) * 3
    return tuple(
        slice(min(side.start for side in sides), max(side.stop for side in sides))
        for sides in zip(*known, strict=True)
    )


def _between(
    reference: Surfels, predicted: Surfels, spacing: Spacing, tolerances: Sequence[float]
) -> _Between:
    there, back = (
        _distances(reference.places, predicted.places, spacing),
        _distances(predicted.places, reference.places, spacing),
    )
    both = len(there) and len(back)
    furthest = (
        max(_percentile(there, reference.areas), _percentile(back, predicted.areas)) if both else 0
    )
    return _Between(
        reference=short(float(reference.areas.sum())),
        predicted=short(float(predicted.areas.sum())),
        reference_near=_near(there, reference.areas, tolerances),
        predicted_near=_near(back, predicted.areas, tolerances),
        hausdorff95=short(furthest) if both else None,
    )


def _distances(places: np.ndarray, others: np.ndarray, spacing: Spacing) -> np.ndarray:
    """From each place to the nearest of the others, in mm; infinite without others."""
    from scipy.spatial import KDTree

    if not others.any():
        return np.full(np.count_nonzero(places), np.inf)
    shared = others[places]
    distances = np.zeros(len(shared))
    if not shared.all():
        # Surfaces are thin: a tree of their places takes less time and memory than the distances of
        # all voxels. Places on a grid are spread evenly, so it needs no balance.
        scale = np.asarray(spacing)
        tree = KDTree(
            np.argwhere(others) * scale, leafsize=LEAF, balanced_tree=False, compact_nodes=False
        )
        distances[~shared], _ = tree.query(np.argwhere(places)[~shared] * scale)
    return distances


def _near(
    distances: np.ndarray, areas: np.ndarray, tolerances: Sequence[float]
) -> tuple[float, ...]:
    """Area within each tolerance."""
    return tuple(short(float(areas[distances <= each * ROUNDING].sum())) for each in tolerances)


def _percentile(distances: np.ndarray, areas: np.ndarray) -> float:
    """The smallest distance within which at least 95 % of the area lies."""
    order = np.argsort(distances, kind="stable")
    within = np.cumsum(areas[order])
    index = int(np.searchsorted(within, PERCENTILE * within[-1] / ROUNDING))
    return float(distances[order[min(index, len(order) - 1)]])

"""The slices of one series as one grid: in order, evenly spaced, perpendicular.

ITK divides the distance between the first and the last slice by their number: a missing slice
stretches all voxels, a tilted gantry goes unnoticed. Here no voxel may lie more than half a voxel
from its place, as everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnactive.data.raw.files.volumes import LARGEST_SHIFT
from nnactive.data.unlabelled.dicom.slices import DERIVED, Slice
from nnactive.data.unlabelled.source import Grid
from nnactive.errors import UserError

CONVERT = "dcm2niix, for instance, converts it to .nii.gz"
GAP = 1.5
"""A distance that many times the usual one is a missing slice."""
SAME = 0.01
"""Share of the usual distance below which two slices lie in one place."""
TURNED = 1e-3
"""Largest difference of direction cosines between parallel slices."""


@dataclass(frozen=True)
class Stack:
    """A series in order."""

    slices: tuple[Slice, ...]
    grid: Grid
    moved: float = 0.0
    """How far a slice lies from its place in the grid, at most, in voxels."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Those of the slices."""
        return tuple(one.file for one in self.slices)

    @property
    def whole(self) -> bool:
        """Whether the values of all slices are whole numbers."""
        return all(one.whole for one in self.slices)


def no_volume(slices: Sequence[Slice]) -> str | None:
    """Why a series isn't a volume at all, such as a localizer; None: it may be one."""
    first = slices[0]
    if first.modality in DERIVED:
        return f"of modality {first.modality}"
    if any(one.values != 1 for one in slices):
        return "pictures in colour"
    if len(slices) == 1 and first.size[2] == 1:
        return "a single slice"
    if not all(one.placed for one in slices):
        return "pictures without a place in space"
    return None if _parallel(slices) else "slices in several directions, as of a localizer"


def stacked(folder: Path, slices: Sequence[Slice]) -> Stack:
    """Put the slices of a series in order.

    Args:
        folder: that they lie in, for messages.
        slices: all of one series.

    Raises:
        UserError: they make up no evenly spaced, perpendicular grid; says why.
    """
    if problem := no_volume(slices):
        raise UserError(f"{folder}: no volume, but {problem}; give whole volumes")
    if len(slices) == 1:
        return Stack((slices[0],), _frames(slices[0]))
    _check_alike(folder, slices)
    direction = np.reshape(slices[0].direction, (3, 3))
    places = np.array([one.origin for one in slices]) @ direction  # along x, y and the normal
    order = np.argsort(places[:, 2], kind="stable")
    places = places[order]
    step = _step(folder, [slices[at] for at in order], places[:, 2])
    moved = _check_even(folder, places, (*slices[0].spacing[:2], step))
    first = slices[order[0]]
    x, y, _ = first.spacing
    columns, rows, _ = first.size
    return Stack(
        tuple(slices[at] for at in order),
        _grid((len(slices), rows, columns), (step, y, x), first),
        moved,
    )


def _frames(only: Slice) -> Grid:
    """The grid of a file with several frames, as its header has it."""
    columns, rows, frames = only.size
    x, y, z = only.spacing
    return _grid((frames, rows, columns), (z, y, x), only)


def _grid(shape: tuple[int, int, int], spacing: tuple[float, float, float], first: Slice) -> Grid:
    a, b, c, d, e, f, g, h, i = first.direction
    direction = (a, b, c, d, e, f, g, h, i)
    return Grid(shape=shape, spacing=spacing, origin=first.origin, direction=direction)


def _parallel(slices: Sequence[Slice]) -> bool:
    directions = np.array([one.direction for one in slices])
    return bool(np.abs(directions - directions[0]).max() < TURNED)


def _check_alike(folder: Path, slices: Sequence[Slice]) -> None:
    if any(one.size[2] > 1 for one in slices):
        raise UserError(
            f"{folder}: {len(slices)} files with several frames in one series; put each into a "
            f"folder of its own, or convert it ({CONVERT})"
        )
    for name, values in (
        ("sizes", {one.size[:2] for one in slices}),
        ("pixel sizes", {tuple(np.round(one.spacing[:2], 4).tolist()) for one in slices}),
    ):
        if len(values) > 1:
            shown = " and ".join(" x ".join(map(str, value)) for value in sorted(values)[:2])
            raise UserError(
                f"{folder}: slices of one series have several {name} ({shown}); remove those that "
                "don't belong to it"
            )


def _step(folder: Path, slices: Sequence[Slice], heights: np.ndarray) -> float:
    """Distance between slices in mm, from their heights in order."""
    steps = np.diff(heights)
    apart = steps[steps > SAME * max(float(steps.max()), SAME)]
    usual = float(np.median(apart)) if len(apart) else 0.0
    if len(apart) < len(steps):
        raise UserError(
            f"{folder}: {len(slices)} slices at {len(apart) + 1} places, so several volumes "
            f"(phases, echoes) or copies in one series; convert it to one file each ({CONVERT})"
        )
    if (gaps := np.flatnonzero(steps > GAP * usual)).size:
        missing = int(np.rint(steps[gaps] / usual - 1).sum())
        before, after = (slices[gaps[0] + n].file.name for n in (0, 1))
        raise UserError(
            f"{folder}: {missing} {'slice is' if missing == 1 else 'slices are'} missing, the "
            f"first between {before} and {after} ({steps[gaps[0]]:.4g} mm apart, others "
            f"{usual:.4g} mm); export or copy the series again"
        )
    return float((heights[-1] - heights[0]) / (len(heights) - 1))


def _check_even(folder: Path, places: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """Refuse slices that lie beside their places in the grid; by how much they do, in voxels.

    Args:
        folder: for the message.
        places: ``(slices, 3)`` in mm along x, y and the normal, in order.
        spacing: mm, (x, y, z).
    """
    wanted = places[0] + np.outer(np.arange(len(places)), (0, 0, spacing[2]))
    moved = np.abs(places - wanted) / spacing
    x, y, z = moved.max(axis=0)
    if z > LARGEST_SHIFT:
        steps = np.diff(places[:, 2])
        raise UserError(
            f"{folder}: its slices aren't evenly spaced ({steps.min():.4g} to {steps.max():.4g} mm "
            f"apart); resample the series to one distance ({CONVERT})"
        )
    if max(x, y) > LARGEST_SHIFT:
        along = places[-1] - places[0]
        tilt = math.degrees(math.atan2(math.hypot(along[0], along[1]), along[2]))
        raise UserError(
            f"{folder}: its slices are shifted against each other, by a gantry tilted by "
            f"{tilt:.3g} degrees; resample the series to perpendicular axes ({CONVERT})"
        )
    return float(max(x, y, z))

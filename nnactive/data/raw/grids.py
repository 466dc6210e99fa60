"""Comparing the grids of two images: by how much they move a voxel, not number by number."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from nnactive.data.raw.files.notes import Note
from nnactive.data.raw.files.volumes import LARGEST_SHIFT, Volume, corners
from nnactive.errors import UserError

ROUNDING = 0.01
"""In voxels: less is the rounding of a header, and told to nobody."""
TAKEN = "lies beside its image by less than half a voxel; the image's place is taken"


def check_geometry(path: Path, image: Volume, label_path: Path, label: Volume) -> tuple[Note, ...]:
    """Check that an image and its label, or another image, share a grid.

    Returns:
        A note if they don't quite; the grid of the first one counts.

    Raises:
        UserError: their sizes differ, or a voxel of one lies more than half a voxel from its place
            in the other; names both files and values.
    """
    wrong = f"{path}: doesn't match {label_path}:"
    if image.array.shape != label.array.shape:
        raise UserError(
            f"{wrong} size {image.array.shape} against {label.array.shape} (z, y, x); replace the "
            "wrong one"
        )
    moved = shift(image, label)
    # A grid with axes in one plane has no inverse: nothing can be compared.
    if not moved <= LARGEST_SHIFT:
        raise UserError(
            f"{wrong} {_largest_difference(image, label)}, which moves voxels by up to "
            f"{moved:.3g} of their size; replace the wrong one"
        )
    return (Note("geometry", TAKEN, label_path),) if moved > ROUNDING else ()


def check_perpendicular(path: Path, volume: Volume) -> None:
    """Refuse a grid whose axes aren't perpendicular, as ITK does for NIfTI files alone.

    Raises:
        UserError: with perpendicular axes, a voxel would lie more than half a voxel from its place.
    """
    direction = np.reshape(volume.direction, (len(volume.spacing),) * 2)
    if not np.isfinite(direction).all():
        raise UserError(f"{path}: has the direction {volume.direction}; fix its header")
    left, _, right = np.linalg.svd(direction)
    nearest = replace(volume, direction=tuple((left @ right).ravel().tolist()))
    if not shift(nearest, volume) <= LARGEST_SHIFT:
        raise UserError(
            f"{path}: its axes aren't perpendicular (direction {volume.direction}); resample it to "
            "a grid with perpendicular axes"
        )


def shift(image: Volume, other: Volume) -> float:
    """How far the voxels of ``other`` lie from those of ``image``, at most.

    The difference of two grids is linear, so that it is largest in a corner.

    Returns:
        Size of the largest shift along an axis of ``image``, in its voxels; NaN: no grid.
    """
    axes = _axes(image)
    moves = corners(image.array.shape) @ (_axes(other) - axes).T
    between = moves + np.subtract(other.origin, image.origin)
    try:
        moved = np.linalg.solve(axes, between.T)
    except np.linalg.LinAlgError:
        return float("nan")
    return float(np.abs(moved).max())


def _axes(volume: Volume) -> np.ndarray:
    """What one voxel along each axis (x, y, z) adds to a place in mm: ``(3, 3)``, by column."""
    size = len(volume.spacing)
    direction = np.reshape(volume.direction, (size, size))
    return np.asarray(direction * np.array(tuple(reversed(volume.spacing))))


def _largest_difference(image: Volume, label: Volume) -> str:
    """The part of the geometry that moves voxels most."""
    parts = {
        "spacing": f"spacing {image.spacing} against {label.spacing} mm (z, y, x)",
        "origin": f"origin {image.origin} against {label.origin} mm",
        "direction": f"direction {image.direction} against {label.direction}",
    }

    def alone(part: str) -> float:
        changed = {name: getattr(image, name) for name in parts} | {part: getattr(label, part)}
        return shift(image, Volume(image.array, **changed))

    return parts[max(parts, key=alone)]

"""Partial label maps: labels inside the patches, the ignore label everywhere else."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from nnactive.effort import Work
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch, slices_along

SLAB = 16
"""Planes of an image that are processed together."""
CONNECTIVITY: Final = 26
"""Voxels that share only a corner are connected."""


def partial_label(full: np.ndarray, patches: Iterable[Patch], ignore: int) -> np.ndarray:
    """Label map with ``full``'s labels inside the patches only; int16 ``(Z, Y, X)``.

    Args:
        full: complete label map of one case, ``(Z, Y, X)``.
        patches: labelled patches of that case.
        ignore: value of all other voxels (protocol section 2, "Partial labels").
    """
    return paint(np.full(full.shape, ignore, dtype=np.int16), full, patches)


def paint(partial: np.ndarray, full: np.ndarray, patches: Iterable[Patch]) -> np.ndarray:
    """Copy of ``partial`` with ``full``'s labels inside the patches; int16 ``(Z, Y, X)``.

    Raises:
        NnactiveError: if the two maps differ in shape or a patch leaves them.
    """
    if partial.shape != full.shape:
        raise NnactiveError(
            f"partial label map of shape {partial.shape} doesn't fit the case's {full.shape}; "
            "prepare the dataset again and restart the experiment"
        )
    painted = partial.astype(np.int16, copy=True)
    for patch in patches:
        if not patch.inside(full.shape):
            raise NnactiveError(f"{patch.case}: patch at {patch.start} leaves the image")
        painted[patch.slices] = full[patch.slices]
    return painted


def count_boundary(label: np.ndarray, patches: Iterable[Patch], n_classes: int) -> tuple[int, ...]:
    """Boundary voxels of each foreground class inside one case's non-overlapping patches.

    The annotation effort of protocol section 6: foreground voxels with a 6-neighbour of another
    label in the same patch.

    Args:
        label: full or partial label map of the case, ``(Z, Y, X)``.
        patches: its labelled patches.
        n_classes: number of classes, background included; labels are ``0..n_classes - 1``.
    """
    total = sum((boundary_voxels(label[patch.slices], n_classes) for patch in patches), 0)
    return tuple(int(count) for count in np.broadcast_to(total, n_classes)[1:])


def boundary_voxels(
    label: np.ndarray, n_classes: int, axes: tuple[int, ...] = (0, 1, 2)
) -> np.ndarray:
    """Voxels of each class with a 6-neighbour of another label in a box, int64 ``(n_classes,)``.

    Args:
        label: ``(Z, Y, X)``, values ``0..n_classes - 1``; voxels outside it are no neighbours.
        n_classes: number of classes, background included.
        axes: along which voxels are neighbours; ``(1, 2)``: within slices across z.
    """
    total = np.zeros(n_classes, dtype=np.int64)
    # A few planes at a time, with a neighbour on either side: doing it all at once would double the
    # memory.
    for first in range(0, label.shape[0], SLAB):
        low, high = max(first - 1, 0), min(first + SLAB + 1, label.shape[0])
        box = label[low:high]
        edge = np.zeros(box.shape, dtype=bool)
        for axis in axes:
            near, far = np.moveaxis(box, axis, 0)[:-1], np.moveaxis(box, axis, 0)[1:]
            changes = near != far
            marks = np.moveaxis(edge, axis, 0)
            marks[:-1] |= changes
            marks[1:] |= changes
        inner = slice(first - low, first - low + SLAB)
        total += np.bincount(box[inner][edge[inner]], minlength=n_classes)
    return total


def count_work(
    label: np.ndarray, patches: Iterable[Patch], n_classes: int, slice_axis: int = 0
) -> Work:
    """What there is to draw and to look at inside one case's patches (protocol section 6).

    Each patch counts by itself: a structure that two patches cut is drawn in both. A patch of one
    voxel's thickness is a slice, whichever axis it lies across.

    Args:
        label: full or partial label map of the case, ``(Z, Y, X)``.
        patches: its labelled patches.
        n_classes: number of classes, background included; labels are ``0..n_classes - 1``.
        slice_axis: axis of ``label`` across which the dataset's slices lie.
    """
    components, contour = np.zeros((2, n_classes), dtype=np.int64)
    slices = empty = 0
    for patch in patches:
        box = label[patch.slices]
        planes = np.moveaxis(box, slices_along(patch.size, slice_axis), 0)
        drawn = int(planes.any(axis=(1, 2)).sum())
        slices, empty = slices + drawn, empty + len(planes) - drawn
        if drawn:
            components += component_counts(box, n_classes)
            contour += boundary_voxels(planes, n_classes, axes=(1, 2))
    return Work(
        components=tuple(components[1:].tolist()),
        contour=tuple(contour[1:].tolist()),
        slices=slices,
        empty_slices=empty,
    )


def component_counts(label: np.ndarray, n_classes: int) -> np.ndarray:
    """Connected components (26 neighbours) of each class in a box, int64 ``(n_classes,)``.

    Those of the background aren't counted.

    Args:
        label: ``(Z, Y, X)``, values ``0..n_classes - 1``.
        n_classes: number of classes, background included.
    """
    import cc3d

    if not label.any():
        return np.zeros(n_classes, dtype=np.int64)
    # The box of the foreground alone: in whole images it is a fraction of the memory.
    around = tuple(
        slice(int(found[0]), int(found[-1]) + 1)
        for axis in range(3)
        if (found := np.flatnonzero(label.any(axis=tuple({0, 1, 2} - {axis})))).size
    )
    box = label[around].astype(np.min_scalar_type(n_classes))
    # Only neighbours with equal labels are connected, so this covers all classes at once.
    parts, number = cc3d.connected_components(box, connectivity=CONNECTIVITY, return_N=True)
    owner = np.zeros(number + 1, dtype=np.int64)
    for some_parts, some_labels in zip(parts, box, strict=True):
        owner[some_parts] = some_labels
    return np.bincount(owner[1:], minlength=n_classes)


def count_labelled(label: np.ndarray, patches: Iterable[Patch], n_classes: int) -> tuple[int, ...]:
    """Voxels of each class, background included, inside one case's non-overlapping patches.

    Args:
        label: full or partial label map of the case, ``(Z, Y, X)``.
        patches: its labelled patches.
        n_classes: number of classes, background included; labels are ``0..n_classes - 1``.

    Raises:
        NnactiveError: if a voxel inside a patch has a value that is no class.
    """
    total = np.zeros(n_classes, dtype=np.int64)
    for patch in patches:
        values = label[patch.slices].ravel()
        if values.size and not (values.min() >= 0 and values.max() < n_classes):
            raise NnactiveError(
                f"{patch.case}: patch at {patch.start} holds values outside 0..{n_classes - 1}; "
                "prepare the dataset again"
            )
        total += np.bincount(values, minlength=n_classes)
    return tuple(int(count) for count in total)

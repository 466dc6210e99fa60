"""Partial label maps: labels inside the patches, the ignore label everywhere else."""

from collections.abc import Iterable

import numpy as np

from nnactive.errors import NnactiveError
from nnactive.geometry import Patch


def partial_label(full: np.ndarray, patches: Iterable[Patch], ignore: int) -> np.ndarray:
    """Label map that knows ``full`` inside the patches alone; int16 ``(Z, Y, X)``.

    Args:
        full: complete label map of one case, ``(Z, Y, X)``.
        patches: labelled patches of that case.
        ignore: value of every voxel outside them (protocol section 2, "Partial labels").
    """
    return paint(np.full(full.shape, ignore, dtype=np.int16), full, patches)


def paint(partial: np.ndarray, full: np.ndarray, patches: Iterable[Patch]) -> np.ndarray:
    """Copy of ``partial`` that takes ``full``'s labels inside the patches; int16 ``(Z, Y, X)``.

    Raises:
        NnactiveError: if the two maps differ in shape or a patch leaves them.
    """
    if partial.shape != full.shape:
        raise NnactiveError(
            f"partial label map of shape {partial.shape} doesn't fit the case's {full.shape}; "
            "prepare the dataset again and start the experiment anew"
        )
    painted = partial.astype(np.int16, copy=True)
    for patch in patches:
        if not patch.inside(full.shape):
            raise NnactiveError(f"{patch.case}: patch at {patch.start} leaves the image")
        painted[patch.slices] = full[patch.slices]
    return painted


def count_labelled(label: np.ndarray, patches: Iterable[Patch], n_classes: int) -> tuple[int, ...]:
    """Voxels of each class, background included, inside one case's non-overlapping patches.

    Args:
        label: full or partial label map of the case, ``(Z, Y, X)``.
        patches: its labelled patches.
        n_classes: number of classes with background; the label values are ``0..n_classes - 1``.

    Raises:
        NnactiveError: if a voxel inside a patch holds no class's value.
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

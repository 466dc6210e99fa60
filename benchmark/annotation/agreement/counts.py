"""Figures from counts of voxels: change between two ensembles, and what a person drew later."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from benchmark.annotation.agreement.intervals import Interval, interval, ratio
from nnactive.io.models import Frozen

STEPS: Final = 256
"""Values that a confidence has on disk."""

Table = tuple[tuple[int, ...], ...]
"""Voxels by label in one map (row) and in another (column)."""


class Change(Frozen):
    """What a round's labels changed, on images that are not wholly labelled."""

    number: int
    """Of the later ensemble: the last round that it was trained on."""
    images: int
    dice: tuple[Interval | None, ...]
    """Of each foreground class: mean over the images in which either ensemble finds it; None: in
    none."""
    disagreement: Interval | None
    """Share of the voxels with a class in either segmentation whose labels differ; None: no such
    voxels."""
    uncertainty: Interval | None
    """Mean of 1 - confidence of the later ensemble, over all voxels."""


class HeldOut(Frozen):
    """An ensemble's prediction in patches that were labelled only afterwards."""

    number: int
    """Of the last round that the ensemble was trained on; the patches are of the next."""
    patches: int
    images: int
    drafted: int
    """Of the patches, those that the person was shown this very prediction in."""
    dice: tuple[Interval | None, ...]
    """Of each foreground class, over all voxels of the patches; None: in none."""
    right: Interval | None
    """Share of voxels with the label that the person drew."""


def change(
    number: int,
    tables: Mapping[str, np.ndarray],
    uncertain: Mapping[str, np.ndarray],
    names: Sequence[object],
) -> Change:
    """The change between two consecutive ensembles.

    Args:
        number: of the later one.
        tables: by image, voxels by earlier (row) and later label (column), ``(classes, classes)``.
        uncertain: by image, voxels by step of the later ensemble's confidence, ``(256,)``.
        names: begin the names of the random streams.
    """
    cases = sorted(tables)
    stack = np.stack([tables[case] for case in cases]).astype(np.float64)
    whole = stack.sum(axis=(1, 2))
    same = np.trace(stack, axis1=1, axis2=2)
    background = stack[:, 0, 0]
    differs = np.stack([whole - same, whole - background], axis=1)
    steps = np.stack([uncertain[case] for case in cases]).astype(np.float64)
    doubt = np.stack([steps @ (1 - confidences()), steps.sum(axis=1)], axis=1)
    return Change(
        number=number,
        images=len(cases),
        dice=tuple(
            interval(_image_dice(stack, label), ratio, (*names, number, "change", label))
            for label in range(1, stack.shape[1])
        ),
        disagreement=interval(differs, ratio, (*names, number, "disagreement")),
        uncertainty=interval(doubt, ratio, (*names, number, "uncertainty")),
    )


def held_out(
    number: int,
    tables: Sequence[tuple[str, np.ndarray]],
    drafted: int,
    names: Sequence[object],
) -> HeldOut:
    """How an ensemble did in the patches of the next round.

    Intervals draw images, since patches of one image are alike.

    Args:
        number: of the last round that it was trained on.
        tables: of each patch, its case and voxels by the person's label (row) and the prediction's
            (column).
        drafted: number of patches that the person was shown the prediction in.
        names: begin the names of the random streams.
    """
    cases = sorted({case for case, _ in tables})
    stack = np.stack(
        [sum(table for owner, table in tables if owner == case) for case in cases]
    ).astype(np.float64)
    right = np.stack([np.trace(stack, axis1=1, axis2=2), stack.sum(axis=(1, 2))], axis=1)
    return HeldOut(
        number=number,
        patches=len(tables),
        images=len(cases),
        drafted=drafted,
        dice=tuple(
            interval(_overlap(stack, label), ratio, (*names, number, "held out", label))
            for label in range(1, stack.shape[1])
        ),
        right=interval(right, ratio, (*names, number, "right")),
    )


def confidences() -> np.ndarray:
    """The confidence of each step, from 0 to 1."""
    found: np.ndarray = np.arange(STEPS) / (STEPS - 1)
    return found


def _overlap(stack: np.ndarray, label: int) -> np.ndarray:
    """Twice the voxels that both maps give a label, and the sum of each one's: ``(units, 2)``."""
    both = 2 * stack[:, label, label]
    each: np.ndarray = stack[:, label, :].sum(axis=1) + stack[:, :, label].sum(axis=1)
    return np.stack([both, each], axis=1)


def _image_dice(stack: np.ndarray, label: int) -> np.ndarray:
    """Dice of each image, and whether it has one: ``(images, 2)``."""
    both, each = _overlap(stack, label).T
    found = each > 0
    return np.stack([np.divide(both, each, out=np.zeros(len(both)), where=found), found], axis=1)

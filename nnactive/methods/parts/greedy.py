"""Greedy choice, one item after the other, without conflicts among the chosen."""

from collections.abc import Callable, Sequence

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch

Gain = Callable[[Sequence[int]], np.ndarray]
"""From the indices chosen so far to the gain of each item, ``(N,)``."""
Conflicts = Callable[[int], Sequence[int]]
"""From an item's index to those of the items that can't be chosen beside it."""


def greedy(gain: np.ndarray | Gain, n: int, conflicts: Conflicts | None = None) -> list[int]:
    """Indices of ``n`` of N items, each the one with the highest gain that is still free.

    Args:
        gain: gain of each item, ``(N,)``, higher is better and ``-inf`` ranks last; or a function
            that gives it anew for each choice, from the indices chosen so far. Not changed.
        n: number of items.
        conflicts: what a choice excludes, such as ``overlapping(patches)``; None: only itself.

    Returns:
        ``n`` different indices, in the order of their choice; among equal gains the first.

    Raises:
        MethodError: if fewer than ``n`` can be chosen, or a gain is NaN.
    """
    free: np.ndarray | None = None
    chosen: list[int] = []
    while len(chosen) < n:
        gains = np.asarray(gain(chosen) if callable(gain) else gain)
        free = np.ones(len(gains), dtype=bool) if free is None else free
        if gains.shape != free.shape or np.isnan(gains).any():
            raise MethodError(
                f"the gains have shape {gains.shape}, expected {free.shape} without NaN"
            )
        left = np.flatnonzero(free)
        if not len(left):
            raise MethodError(
                f"{len(chosen)} of {n} places could be chosen, the others of {len(free)} overlap "
                "them; query fewer patches or allow more candidates"
            )
        best = int(left[gains[left].argmax()])
        chosen.append(best)
        free[best] = False
        free[list(conflicts(best)) if conflicts else []] = False
    return chosen


def overlapping(patches: Sequence[Patch]) -> Conflicts:
    """Which of these patches share a voxel with the one at an index, for ``conflicts``."""
    of_case: dict[str, list[int]] = {}
    for index, patch in enumerate(patches):
        of_case.setdefault(patch.case, []).append(index)

    def conflicts(index: int) -> list[int]:
        patch = patches[index]
        return [other for other in of_case[patch.case] if patches[other].overlaps(patch)]

    return conflicts

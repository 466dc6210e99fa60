"""Random placement of patches, with and without regard to the foreground."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnactive.geometry import Patch, Triple, overlaps_any, patch_around, random_patch

DRAWS = 600
"""Failed draws after which a case counts as full (protocol section 5)."""

Kind = Literal["random", "class", "border"]


def first_free(draw: Callable[[], Patch], taken: Iterable[Patch]) -> Patch | None:
    """First of up to `DRAWS` drawn patches that overlaps none of ``taken``; None if all do."""
    obstacles = list(taken)
    for _ in range(DRAWS):
        patch = draw()
        if not overlaps_any(patch, obstacles):
            return patch
    return None


def draw_kind(random_share: tuple[int, int], rng: np.random.Generator) -> Kind:
    """Kind of one attempt: ``random`` with probability a/b, for a share ``(a, b)``, or another.

    ``class`` and ``border`` split the rest equally; drawn in integers, so that shares are exact.
    """
    part, whole = random_share
    drawn = int(rng.integers(2 * whole))
    if drawn < 2 * part:
        return "random"
    return "class" if drawn < part + whole else "border"


def foreground_voxels(label: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Voxels of a foreground class, drawn uniformly from the case's, ``(N, 3)``; may be empty.

    Args:
        label: complete label map, ``(Z, Y, X)``.
        kind: ``class`` for all of its voxels, ``border`` for those that erosion by the 6-neighbour
            cross removes; outside the image counts as background.
        rng: source of the draw.
    """
    from scipy.ndimage import find_objects

    boxes = find_objects(label)
    present = [value for value, box in enumerate(boxes, 1) if box is not None]
    if not present:
        return np.empty((0, 3), dtype=np.intp)
    value = int(rng.choice(present))
    # The class has no voxel beyond its bounding box, so the box serves as the image.
    box = boxes[value - 1]
    mask = label[box] == value
    corner = [side.start for side in box]
    voxels = np.argwhere(mask & ~_eroded(mask) if kind == "border" else mask)
    return np.add(voxels, corner)


@dataclass(frozen=True)
class Case:
    """A pool case, for placing patches."""

    name: str
    shape: Triple
    size: Triple
    """Query patch size before it is clipped to the image."""
    label: Callable[[], np.ndarray]
    """Reads the complete label map, ``(Z, Y, X)``."""
    rng: np.random.Generator

    def anywhere(self, taken: Iterable[Patch]) -> Patch | None:
        """Uniformly placed patch that overlaps none of ``taken``; None after 600 failed draws."""
        return first_free(lambda: random_patch(self.name, self.size, self.shape, self.rng), taken)

    def around(self, voxels: np.ndarray, taken: Iterable[Patch]) -> Patch | None:
        """Likewise, around a voxel drawn uniformly from ``voxels`` ``(N, 3)`` in each draw."""
        if not len(voxels):
            return None

        def draw() -> Patch:
            voxel = voxels[self.rng.integers(len(voxels))]
            return patch_around(self.name, voxel, self.size, self.shape)

        return first_free(draw, taken)


def spread(
    cases: list[Case],
    taken: Iterable[Patch],
    n: int,
    random_share: tuple[int, int] = (1, 1),
) -> list[Patch]:
    """Up to ``n`` patches, one per case in turn, in rounds through the given order.

    The kind of each attempt is drawn independently. A case without room for a random patch is
    dropped; one without room at foreground, or without foreground, is skipped (protocol section 5,
    random and random_fg33 / random_fg66; the class is drawn once per attempt, its voxel in each of
    the 600 draws).

    Args:
        cases: cases in order.
        taken: patches that must not be overlapped.
        n: number of patches wanted; fewer are returned if the cases are full.
        random_share: share a/b > 0 of attempts without regard to the foreground.
    """
    occupied: dict[str, list[Patch]] = {case.name: [] for case in cases}
    for patch in taken:
        occupied.setdefault(patch.case, []).append(patch)
    chosen: list[Patch] = []
    waiting = list(cases)
    while waiting and len(chosen) < n:
        dropped: set[str] = set()
        for case in waiting:
            kind = draw_kind(random_share, case.rng)
            if kind == "random":
                found = case.anywhere(occupied[case.name])
                dropped |= {case.name} if found is None else set()
            else:
                voxels = foreground_voxels(case.label(), kind, case.rng)
                found = case.around(voxels, occupied[case.name])
            if found is not None:
                occupied[case.name].append(found)
                chosen.append(found)
                if len(chosen) == n:
                    break
        waiting = [case for case in waiting if case.name not in dropped]
    return chosen


def dealt(n: int, capacities: Mapping[str, int]) -> dict[str, int]:
    """Deal ``n`` patches to cases one by one, in rounds, up to each case's capacity."""
    counts = dict.fromkeys(capacities, 0)
    left = n
    while left and (open_cases := [case for case in counts if counts[case] < capacities[case]]):
        for case in open_cases[:left]:
            counts[case] += 1
        left -= min(left, len(open_cases))
    return counts


def evenly(count: int, places: int, rng: np.random.Generator) -> list[int]:
    """Indices of ``count`` of ``places``, evenly spaced from a random start."""
    start = int(rng.integers(places)) if count else 0
    return [(j * places + start) // count for j in range(count)]


def _eroded(mask: np.ndarray) -> np.ndarray:
    """Voxels of ``mask`` ``(Z, Y, X)`` whose six neighbours all lie in it."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        ahead, here = np.moveaxis(inner, axis, 0), np.moveaxis(mask, axis, 0)
        ahead[:-1] &= here[1:]
        ahead[1:] &= here[:-1]
        ahead[[0, -1]] = False
    return inner

"""Random places for patches, with and without regard to the foreground."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnactive.geometry import Patch, Triple, overlaps_any, patch_around, random_patch

DRAWS = 600
"""Draws after which a case counts as full (protocol section 5)."""

Kind = Literal["random", "class", "border"]


def first_free(draw: Callable[[], Patch], taken: Iterable[Patch]) -> Patch | None:
    """First of `DRAWS` drawn patches that overlaps none of ``taken``, if any."""
    obstacles = list(taken)
    for _ in range(DRAWS):
        patch = draw()
        if not overlaps_any(patch, obstacles):
            return patch
    return None


def draw_kind(random_share: tuple[int, int], rng: np.random.Generator) -> Kind:
    """Kind of one attempt: ``random`` with the share ``(a, b)`` = a/b, else one of the others.

    ``class`` and ``border`` halve what is left; drawn in integers, so that the shares are exact.
    """
    part, whole = random_share
    drawn = int(rng.integers(2 * whole))
    if drawn < 2 * part:
        return "random"
    return "class" if drawn < part + whole else "border"


def foreground_voxels(label: np.ndarray, kind: Kind, rng: np.random.Generator) -> np.ndarray:
    """Voxels of a uniformly drawn foreground class that the case has, ``(N, 3)``; may be empty.

    Args:
        label: complete label map, ``(Z, Y, X)``.
        kind: ``class`` for all of its voxels, ``border`` for those that its erosion by the
            6-neighbour cross takes away, where what is outside the image counts as background.
        rng: source of the draw.
    """
    from scipy.ndimage import find_objects

    boxes = find_objects(label)
    present = [value for value, box in enumerate(boxes, 1) if box is not None]
    if not present:
        return np.empty((0, 3), dtype=np.intp)
    value = int(rng.choice(present))
    # Behind the faces of its bounding box there is none of the class, as behind the image's.
    box = boxes[value - 1]
    mask = label[box] == value
    corner = [side.start for side in box]
    voxels = np.argwhere(mask & ~_eroded(mask) if kind == "border" else mask)
    return np.add(voxels, corner)


@dataclass(frozen=True)
class Case:
    """One pool case as the placement sees it."""

    name: str
    shape: Triple
    size: Triple
    """Query patch size before it is clipped to the image."""
    label: Callable[[], np.ndarray]
    """Reads the complete label map, ``(Z, Y, X)``."""
    rng: np.random.Generator

    def anywhere(self, taken: Iterable[Patch]) -> Patch | None:
        """Uniformly placed patch that overlaps none of ``taken``; None after 600 draws."""
        return first_free(lambda: random_patch(self.name, self.size, self.shape, self.rng), taken)

    def around(self, voxels: np.ndarray, taken: Iterable[Patch]) -> Patch | None:
        """Patch around a uniformly drawn voxel of ``voxels`` ``(N, 3)``, drawn anew 600 times."""
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
    """Up to ``n`` patches, one per case in turn, round and round in the given order.

    The kind of each attempt is drawn anew. A case in which no random place is found is dropped;
    one in which no place at foreground is found, or no foreground, is passed over (protocol
    section 5, random and random_fg33 / random_fg66; the class is drawn once an attempt, its voxel
    at each of the 600 draws).

    Args:
        cases: cases in their order.
        taken: patches that must not be overlapped.
        n: number of patches wanted; fewer come back where the cases are full.
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
    """Deal ``n`` patches to cases one by one, round and round, as far as each has places."""
    counts = dict.fromkeys(capacities, 0)
    left = n
    while left and (open_cases := [case for case in counts if counts[case] < capacities[case]]):
        for case in open_cases[:left]:
            counts[case] += 1
        left -= min(left, len(open_cases))
    return counts


def evenly(count: int, places: int, rng: np.random.Generator) -> list[int]:
    """``count`` of ``places`` at even distances from a random beginning."""
    beginning = int(rng.integers(places)) if count else 0
    return [(j * places + beginning) // count for j in range(count)]


def _eroded(mask: np.ndarray) -> np.ndarray:
    """Voxels of ``mask`` ``(Z, Y, X)`` whose six neighbours all lie in it."""
    inner = mask.copy()
    for axis in range(mask.ndim):
        ahead, here = np.moveaxis(inner, axis, 0), np.moveaxis(mask, axis, 0)
        ahead[:-1] &= here[1:]
        ahead[1:] &= here[:-1]
        ahead[[0, -1]] = False
    return inner

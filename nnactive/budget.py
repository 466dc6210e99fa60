"""Whether a pool has room for a budget: judged before anything is trained.

What is called impossible can't be done in any way; what is called certain is found by a method's
search wherever the patches of earlier loops lie. In between it depends on where they lie.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NoReturn

from nnactive.geometry import Triple
from nnactive.methods.demand import Demand
from nnactive.methods.placement import Case, spread
from nnactive.places import Places, drawn_places, grid_places, most_places, supply, tiles
from nnactive.settings import Setting
from nnactive.streams import stream

SURE: Final = 20.7
"""Minus the logarithm of the probability, 1e-9, that counts as none."""

MOST_TO_PACK: Final = 5_000
"""Places in a pool above which packing it takes more than some seconds."""


@dataclass(frozen=True)
class Budget:
    """The numbers of a setting that decide whether its patches find room; sizes in voxels."""

    patch_size: Triple
    stride: Triple
    starting: int
    query: int
    loops: int

    @classmethod
    def of(cls, setting: Setting) -> "Budget":
        """The numbers of a setting."""
        return cls(
            setting.patch_size,
            setting.stride,
            setting.starting_budget,
            setting.query_size,
            setting.loops,
        )

    @property
    def total(self) -> int:
        """Patches labelled after the last loop."""
        return self.labelled(self.loops)

    def labelled(self, loop: int) -> int:
        """Patches labelled before the query for a loop."""
        return self.starting + (loop - 1) * self.query

    def __str__(self) -> str:
        if self.loops == 1:
            return f"{self.total} patches"
        return f"{self.total} patches ({self.starting} + {self.loops - 1} x {self.query})"


@dataclass(frozen=True)
class Room:
    """The images of a pool, as places for one size of patch."""

    shapes: tuple[Triple, ...]
    """``(Z, Y, X)`` of each image."""
    patch_size: Triple
    stride: Triple

    @cached_property
    def most(self) -> int:
        """Patches that fit into the pool together."""
        return sum(most_places(shape, self.patch_size) for shape in self.shapes)

    @cached_property
    def drawn(self) -> list[Places]:
        """Places of each image for a search that draws."""
        return [drawn_places(shape, self.patch_size) for shape in self.shapes]

    @cached_property
    def grid(self) -> list[Places]:
        """Places of each image for a search of the grid."""
        return [grid_places(shape, self.patch_size, self.stride) for shape in self.shapes]

    @cached_property
    def tiles(self) -> list[tuple[int, int]]:
        """Tiles of each image, and the number of patches that meet them all."""
        counted = [tiles(shape, self.patch_size) for shape in self.shapes]
        return [(fewest, -(-fewest // meets)) for fewest, meets in counted]

    def shortage(self, demand: Demand, n: int) -> str:
        """Why no query finds ``n`` patches, even in an unlabelled pool; empty if one could."""
        quotas, images = demand.quotas, f"the pool's {len(self.shapes)} images"
        if quotas is None or demand.search not in {"grid", "drawn"}:
            return ""
        most = [each.most for each in (self.grid if demand.search == "grid" else self.drawn)]
        strata = list(zip(quotas, demand.shares(n), strict=True))
        # Those of classes are alike.
        for stratum, (quota, share) in enumerate(strata[:2]):
            available = sum(min(quota, each) for each in most)
            if available < share:
                whose = "" if len(quotas) == 1 else " of a class" if stratum else " of no class"
                return (
                    f"{images} put forward at most {available} patches{whose}, at most {quota} "
                    f"each, and a query needs {share}"
                )
        together = sum(min(sum(quotas), each) for each in most)
        return f"{images} put forward at most {together} patches" if together < n else ""

    def finds_surely(self, demand: Demand, n: int, spent: int) -> bool:
        """Whether a query of ``n`` surely finds them, wherever ``spent`` patches were placed."""
        if demand.search == "unknown":
            return False
        if demand.search == "tiles":
            return supply(self.tiles, spent) >= n
        quotas = demand.quotas
        places = self.grid if demand.search == "grid" else self.drawn
        if quotas is None:
            return supply([(p.certain, p.certain) for p in places], spent) >= n
        first = supply([(1, p.certain) for p in places], spent)
        for quota, share in set(zip(quotas, demand.shares(n), strict=True)):
            # At worst all other strata pick before.
            others = sum(quotas) - quota
            left = [(min(quota, p.certain - others), p.certain - others) for p in places]
            enough = supply(left, spent) >= share
            if not enough and not _likely(first, len(quotas), share):
                return False
        return True


def _likely(images: int, strata: int, share: int) -> bool:
    """Whether a stratum surely picks first, in a random order, in as many images as its share.

    By Chernoff's bound on the binomial distribution.
    """
    if share <= 0:
        return True
    missing, chance = (share - 1) / max(images, 1), 1 / strata
    if strata == 1 or not images or missing >= chance:
        return False
    divergence = (1 - missing) * math.log((1 - missing) / (1 - chance))
    if missing:
        divergence += missing * math.log(missing / chance)
    return images * divergence > SURE


def packed_at_random(room: Room) -> int | None:
    """Patches that find room if they are placed at random until none does; None for large pools.

    An estimate of what a real method reaches, which neither bound is.
    """
    if room.most > MOST_TO_PACK:
        return None
    cases = [
        Case(str(number), shape, room.patch_size, _no_label, stream("packing", number))
        for number, shape in enumerate(room.shapes)
    ]
    return len(spread(cases, [], room.most))


def _no_label() -> NoReturn:
    raise AssertionError("positions are drawn without labels")


@dataclass(frozen=True)
class Verdict:
    """Whether a method can spend a budget in a pool."""

    impossible: str = ""
    """Why it can't; empty if it may."""
    certain: bool = False
    """Whether the start and every query surely find their patches."""


def judge(budget: Budget, room: Room, demands: Sequence[Demand]) -> Verdict:
    """Whether a pool has room for a budget.

    Args:
        budget: the setting's numbers.
        room: the pool.
        demands: how a method searches, for each query or once for all; none: for every method.
    """
    if budget.total > room.most:
        return Verdict(f"the pool's {len(room.shapes)} images hold at most {room.most}")
    queried = budget.total - budget.starting
    on_grid = sum(each.most for each in room.grid)
    certain = sum(each.certain for each in room.drawn) >= budget.starting
    for loop in range(1, budget.loops):
        demand = demands[min(loop, len(demands)) - 1] if demands else Demand(search="unknown")
        reason = room.shortage(demand, budget.query)
        if demand.search == "grid" and queried > on_grid:
            reason = f"the pool holds at most {on_grid} patches at the stride {room.stride}"
        if reason and demand.binding:
            return Verdict(reason)
        spent = budget.labelled(loop)
        certain = certain and not reason and room.finds_surely(demand, budget.query, spent)
    return Verdict(certain=certain)


def largest_query(budget: Budget, fits: Callable[[Budget], bool]) -> int | None:
    """The largest query size, up to the budget's, with which it fits; None if not even 1 does.

    Args:
        budget: the setting's numbers.
        fits: whether a budget fits; what fits also does so with smaller queries.
    """
    low, high = 0, budget.query
    while low < high:
        middle = (low + high + 1) // 2
        if fits(replace(budget, query=middle)):
            low = middle
        else:
            high = middle - 1
    return low or None

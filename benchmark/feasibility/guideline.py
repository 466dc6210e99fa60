"""Whether a dataset's pool has room for the guideline's budget, and which smaller one it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from benchmark.track_files.guideline import METHODS, SEEDS
from nnactive.budget import Budget, Room, Verdict, judge, packed_at_random
from nnactive.data.cards import Card
from nnactive.data.own.guide import Guide
from nnactive.data.own.structure_sizes import Boxes
from nnactive.errors import UserError
from nnactive.io.formatting import numbers
from nnactive.methods import BUILTIN, PoolInfo
from nnactive.methods.demand import demand_of
from nnactive.steps.starting_budget import cases_of_classes, smallest_start

SHARE_TO_USE = 0.5
"""Of the patches that find room at random: the last ones are hard to place, even more in strata."""


@dataclass(frozen=True)
class Fit:
    """How the guideline's budget fits a pool."""

    problem: str = ""
    """Why it is impossible; empty if it isn't."""
    doubt: str = ""
    """Why it isn't certain to fit, if it is possible."""
    fewer: int | None = None
    """Patches per loop to ask for instead; None if the guideline's may fit, or no number does."""
    way_out: str = ""
    """What to do about the problem: the smaller budget in words, or what to change."""


def fitted(
    card: Card, guide: Guide, boxes: Boxes, pool: Sequence[str], candidates: int | None
) -> Fit:
    """Judge the guideline's budget on a pool, for the methods of its track.

    Args:
        card: the dataset's.
        guide: the guideline's numbers.
        boxes: the measured cases.
        pool: ids of the pool's cases.
        candidates: candidates per image; None: as many as a query has patches.
    """
    judged = _Judge(card, guide, boxes, tuple(pool))
    size = guide.patches_per_loop
    problem, certain = judged(size, candidates or size)
    budget = f"{judged.budget(size)} of {numbers(guide.patch, 'x')} voxels"
    if not problem:
        doubt = f"it isn't certain that {budget} find room, which depends on where they lie; "
        doubt += "fewer loops or smaller patches leave more"
        return Fit(doubt="" if certain else doubt)
    packed = packed_at_random(judged.room)
    usable = size if packed is None else int(packed * SHARE_TO_USE) // guide.loops
    least = smallest_start(len(card.classes))
    for fewer in range(min(size, usable), least - 1, -1):
        if not judged(fewer, fewer)[0]:
            return Fit(
                problem,
                fewer=fewer,
                way_out=f"the largest budget likely to fit, {judged.budget(fewer)}",
            )
    if least < size and not judged(least, least)[0]:
        return Fit(
            problem,
            fewer=least,
            way_out=f"the smallest budget, {judged.budget(least)}, which may not fit either",
        )
    return Fit(
        problem,
        way_out=f"no budget of {guide.loops} loops fits, as the starting budget needs "
        f"{least} patches; give more cases, fewer classes, or --patch-from a smaller class",
    )


@dataclass(frozen=True)
class _Judge:
    card: Card
    guide: Guide
    boxes: Boxes
    pool: tuple[str, ...]

    @cached_property
    def room(self) -> Room:
        shapes = tuple(self.boxes.shapes[case] for case in self.pool)
        return Room(shapes, self.guide.patch, self.card.stride)

    def budget(self, size: int) -> Budget:
        return Budget(self.guide.patch, self.card.stride, size, size, self.guide.loops)

    def __call__(self, size: int, candidates: int) -> tuple[str, bool]:
        """Why a number of patches per loop is impossible, and whether it is certain to fit."""
        present = {case: self.boxes.present(case) for case in self.pool}
        names = (self.card.name, self.card.classes, present, self.guide.patch, size)
        try:
            for seed in SEEDS:
                cases_of_classes(*names, seed)
        except UserError as error:
            return str(error).removeprefix(f"{self.card.name}: "), False
        verdicts = [self._verdict(name, size, candidates) for name in METHODS]
        reasons = [verdict.impossible for verdict in verdicts if verdict.impossible]
        if reasons:
            return f"no room for the guideline's {self.budget(size)}: {reasons[0]}", False
        return "", all(verdict.certain for verdict in verdicts)

    def _verdict(self, name: str, size: int, candidates: int) -> Verdict:
        info = partial(
            PoolInfo,
            shapes={case: self.boxes.shapes[case] for case in self.pool},
            spacing=self.guide.spacing,
            patch_size=self.guide.patch,
            stride=self.card.stride,
            candidates=candidates,
            queries=self.guide.loops - 1,
            n_classes=len(self.card.classes),
            labelled=(),
        )
        loops = range(1, self.guide.loops)
        demands = [demand_of(BUILTIN[name](), info(loop=loop)) for loop in loops]
        return judge(self.budget(size), self.room, demands)

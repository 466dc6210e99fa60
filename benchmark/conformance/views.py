"""The pool as `PoolView` shows it, with an eye on what a method does with it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from benchmark.conformance.borrowed import Lent
from benchmark.conformance.pools import QUERIES, Contents, World
from nnactive.geometry import Patch
from nnactive.methods import Oracle, PoolView, QueryMethod
from nnactive.query.checkpoint import Kept
from nnactive.query.prediction import Prediction, fold
from nnactive.steps.network import no_predictor

T = TypeVar("T")

DELAY = 0.004
"""Seconds by which each case is later than the next, so that workers finish in another order."""
OCTANTS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class WatchedPool(PoolView):
    """A pool that notes forbidden looks, and can take the cases in other orders."""

    looks: list[str] = field(default_factory=list)
    """What the method looked at without right."""
    lent: Lent
    """The predictions that the method got."""
    backwards: bool = False
    """Whether `map` begins with the last case."""
    delays: Mapping[str, float] = field(default_factory=dict)
    """Seconds before each case in `map`."""

    def map(self, function: Callable[[str], T], cases: Iterable[str] | None = None) -> list[T]:
        """As in any pool, but late or backwards."""

        def late(case: str) -> T:
            time.sleep(self.delays.get(case, 0))
            return function(case)

        chosen = list(self.cases if cases is None else cases)
        if self.backwards:
            return super().map(late, chosen[::-1])[::-1]
        return super().map(late, chosen)

    def labels_in(self, patch: Patch) -> np.ndarray:
        """As in any pool, noting requests for what isn't labelled."""
        if patch not in self.labelled:
            self.looks.append(f"labels of the patch at {patch.start}, which isn't labelled")
        return super().labels_in(patch)

    @property
    def oracle(self) -> Oracle:
        """As in any pool, noting who doesn't declare it."""
        if self.oracle_labels is None:
            self.looks.append("pool.oracle, without oracle = True in the class")
        return super().oracle


def view(
    world: World,
    contents: Contents,
    method: QueryMethod,
    *,
    workers: int = 1,
    backwards: bool = False,
    watch: bool = True,
    kept: Kept | None = None,
) -> WatchedPool:
    """The pool of a world for one query of ``method``.

    Args:
        world: what the pool is like.
        contents: its arrays.
        method: gives what of predictions and labels is there.
        workers: of `map`; several are made to overtake one another.
        backwards: whether `map` begins with the last case.
        watch: whether to keep copies of all predictions that the method gets.
        kept: takes what `map` finishes, as in a query step.
    """
    lent = Lent(allowed=workers, copies=watch)

    def predict(case: str, needs: frozenset[str]) -> Prediction:
        lent.begin()
        found = fold(case, lambda: contents.members(world, case), needs, fresh=True)
        return lent.out(found, needs)

    cases = sorted(world.shapes)
    return WatchedPool(
        shapes=world.shapes,
        spacing=(2.0, 1.0, 1.0),
        patch_size=world.patch_size,
        stride=world.stride,
        candidates=world.candidates,
        loop=world.loop,
        queries=QUERIES,
        n_classes=world.classes,
        labelled=world.labelled,
        images=contents.images.__getitem__,
        partial_labels=contents.partial.__getitem__,
        predictor=predict if method.needs else no_predictor,
        embedder=partial(_embed, contents) if "embedding" in method.needs else None,
        needs=method.needs,
        names=("conformance", world.title, 1, world.loop),
        workers=workers,
        oracle_labels=contents.labels.__getitem__ if method.oracle else None,
        lent=lent,
        kept=kept,
        backwards=backwards,
        delays={
            case: DELAY * (len(cases) - 1 - place) * (workers > 1)
            for place, case in enumerate(cases)
        },
    )


def _embed(contents: Contents, case: str, patches: Sequence[Patch]) -> np.ndarray:
    """Patches' embeddings, float32 ``(len(patches), OCTANTS * channels)``."""
    image = contents.images[case]
    found = [_octants(image[:, *patch.slices]) for patch in patches]
    return np.array(found, dtype=np.float32).reshape(len(patches), OCTANTS * len(image))


def _octants(part: np.ndarray) -> np.ndarray:
    """Mean intensities of a patch's octants, its embedding, float32 ``(OCTANTS * channels,)``.

    In an axis of one voxel both halves are that voxel.
    """
    halves = [(slice(0, max(1, n // 2)), slice(n // 2, None)) for n in part.shape[1:]]
    parts = [part[:, z, y, x] for z in halves[0] for y in halves[1] for x in halves[2]]
    return np.concatenate([box.mean(axis=(1, 2, 3), dtype=np.float32) for box in parts])

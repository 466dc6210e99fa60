"""A synthetic pool as `PoolView` shows it, while recording what a method does with it."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import numpy as np

from benchmark.conformance import networks
from benchmark.conformance.borrowed import BorrowedPredictions
from benchmark.conformance.pools import QUERIES, Contents, PoolSpec
from nnactive.authored import files_of
from nnactive.geometry import Patch
from nnactive.methods import Need, Oracle, PoolView, QueryMethod
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.state import StateSlot
from nnactive.query.checkpoint import Checkpoint
from nnactive.query.prediction import Prediction, fold
from nnactive.steps.network import no_predictor

T = TypeVar("T")

DELAY = 0.004
"""Seconds by which each case is later than the next, so that workers finish in another order."""
OCTANTS = 8
LABELS: Final = "labels"
MAP: Final = "pool.map"
PREDICTIONS: Final = "predictions"


@dataclass(frozen=True)
class Watch:
    """What is recorded of a method's query."""

    borrowed: BorrowedPredictions
    forbidden: list[str] = field(default_factory=list)
    """What the method asked for without being allowed to."""
    reached: set[str] = field(default_factory=set)
    """Which of `LABELS`, `MAP` and `PREDICTIONS` it asked for."""
    state: StateSlot = field(default_factory=StateSlot)
    """What it finds and saves."""


class WatchedPool(PoolView):
    """A pool that records forbidden requests, and can take the cases in another order."""

    def __init__(
        self,
        info: PoolInfo,
        sources: Sources,
        watch: Watch,
        *,
        backwards: bool = False,
        delays: Mapping[str, float],
    ) -> None:
        """Make the pool.

        Args:
            info: as for any pool.
            sources: as for any pool.
            watch: where to record.
            backwards: whether `map` begins with the last case.
            delays: seconds before each case in `map`.
        """
        super().__init__(info, sources)
        self._may_use_ground_truth = sources.oracle_labels is not None
        self._watch, self._backwards, self._delays = watch, backwards, delays

    def map(self, function: Callable[[str], T], cases: Iterable[str] | None = None) -> list[T]:
        """As in any pool, but delayed or backwards."""
        self._watch.reached.add(MAP)

        def late(case: str) -> T:
            time.sleep(self._delays.get(case, 0))
            return function(case)

        chosen = list(self.cases if cases is None else cases)
        if self._backwards:
            return super().map(late, chosen[::-1])[::-1]
        return super().map(late, chosen)

    def labels_in(self, patch: Patch) -> np.ndarray:
        """As in any pool, recording requests for unlabelled patches."""
        self._watch.reached.add(LABELS)
        if patch not in self.labelled:
            self._watch.forbidden.append(
                f"labels of the patch at {patch.start}, which isn't labelled"
            )
        return super().labels_in(patch)

    @property
    def oracle(self) -> Oracle:
        """As in any pool, recording use without the declaration."""
        self._watch.reached.add(LABELS)
        if not self._may_use_ground_truth:
            self._watch.forbidden.append("pool.oracle, without oracle = True in the class")
        return super().oracle


def view(
    spec: PoolSpec,
    contents: Contents,
    method: QueryMethod,
    watch: Watch,
    *,
    workers: int = 1,
    backwards: bool = False,
    checkpoint: Checkpoint | None = None,
) -> WatchedPool:
    """A synthetic pool for one query of ``method``.

    Args:
        spec: what the pool is like.
        contents: its arrays.
        method: decides which predictions and labels are available.
        watch: where to record what the method does.
        workers: of `map`; with several, later cases overtake earlier ones.
        backwards: whether `map` begins with the last case.
        checkpoint: stores what `map` finishes, as in a query step.
    """

    def past(loop: int, case: str, needs: frozenset[str]) -> Prediction:
        watch.reached.add(PREDICTIONS)
        watch.borrowed.count()
        ago = spec.loop - 1 - loop
        prediction = fold(case, lambda: contents.members(spec, case, ago), needs, fresh=True)
        return watch.borrowed.lend(prediction, needs)

    def predict_image(case: str, image: np.ndarray, needs: frozenset[str]) -> Prediction:
        watch.reached.add(PREDICTIONS)
        watch.borrowed.count(beside=1)
        prediction = networks.predict(spec, contents, case, image, needs)
        return watch.borrowed.lend(prediction, needs)

    cases = sorted(spec.shapes)
    info = PoolInfo(
        shapes=spec.shapes,
        spacing=(2.0, 1.0, 1.0),
        patch_size=spec.patch_size,
        stride=spec.stride,
        candidates=spec.candidates,
        loop=spec.loop,
        queries=QUERIES,
        n_classes=spec.classes,
        labelled=contents.labelled,
    )
    sources = Sources(
        images=contents.images.__getitem__,
        partial_labels=contents.partial.__getitem__,
        predictor=partial(past, spec.loop - 1) if method.needs else no_predictor,
        embedder=partial(_embed, contents) if Need.EMBEDDING in method.needs else None,
        history=past if Need.HISTORY in method.needs else None,
        state=watch.state,
        network=networks.networks(spec, contents, predict_image) if method.needs else None,
        needs=method.needs,
        names=("conformance", spec.title, 1, spec.loop),
        workers=workers,
        oracle_labels=contents.labels.__getitem__ if method.oracle else None,
        checkpoint=checkpoint,
        files=files_of(type(getattr(method, "inner", method))),
    )
    delays = {
        case: DELAY * (len(cases) - 1 - place) * (workers > 1) for place, case in enumerate(cases)
    }
    return WatchedPool(info, sources, watch, backwards=backwards, delays=delays)


def _embed(contents: Contents, case: str, patches: Sequence[Patch]) -> np.ndarray:
    """Patches' embeddings, float32 ``(len(patches), OCTANTS * channels)``."""
    image = contents.images[case]
    found = [_octants(image[:, *patch.slices]) for patch in patches]
    return np.array(found, dtype=np.float32).reshape(len(patches), OCTANTS * len(image))


def _octants(part: np.ndarray) -> np.ndarray:
    """Mean intensities of a patch's octants, float32 ``(OCTANTS * channels,)``.

    On an axis of one voxel both halves are that voxel.
    """
    halves = [(slice(0, max(1, n // 2)), slice(n // 2, None)) for n in part.shape[1:]]
    parts = [part[:, z, y, x] for z in halves[0] for y in halves[1] for x in halves[2]]
    return np.concatenate([box.mean(axis=(1, 2, 3), dtype=np.float32) for box in parts])

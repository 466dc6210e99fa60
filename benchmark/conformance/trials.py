"""One query of a method on a synthetic pool, and which rules it broke."""

import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.conformance.borrowed import BorrowedPredictions
from benchmark.conformance.pools import Contents, PoolSpec
from benchmark.conformance.snapshots import changes, seed_globals, snapshot
from benchmark.conformance.views import Watch, view
from benchmark.submission.alone import WAY_OUT, foreign_module, installed_roots
from nnactive.errors import NnactiveError, described
from nnactive.geometry import Patch
from nnactive.methods import Need, PoolView, QueryMethod
from nnactive.methods.run_method import run_method
from nnactive.pool.state import StateSlot
from nnactive.query.checkpoint import Checkpoint, Part, PartDone

Make = Callable[[], QueryMethod]
"""Makes a new object of the method, as every query of a run does."""

CONTRACT = "contract kept"
BUDGET = "exact budget"
BOUNDS = "inside the images"
OVERLAP = "no overlap"
LABELS = "only labels it may see"
UNCHANGED = "inputs and random state unchanged"
HELD = "no prediction kept"


@dataclass(frozen=True)
class Trial:
    """The outcome of one query."""

    spec: PoolSpec
    chosen: list[Patch] | None
    """The answer; None if it broke the contract or was interrupted."""
    broken: dict[str, str] = field(default_factory=dict)
    """Failed checks with their reasons."""
    saved: bytes | None = None
    """The state that it saved."""
    reached: frozenset[str] = frozenset()
    """What it asked for, as `Watch.reached`."""
    trace: str = ""
    """Traceback of the method's error."""


class _Recorded(QueryMethod):
    """Records a method's answer, which `run_method` may refuse."""

    def __init__(self, inner: QueryMethod) -> None:
        super().__init__()
        self.inner = inner
        self.answer: object = None

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        answer = self.inner.query(pool, n)
        self.answer = answer
        return answer


def attempt(
    make: Make,
    spec: PoolSpec,
    contents: Contents,
    number: int,
    *,
    workers: int = 1,
    backwards: bool = False,
    checkpoint: Checkpoint | None = None,
) -> Trial:
    """Let a new object of the method query a synthetic pool.

    Args:
        make: makes the object.
        spec: what the pool is like.
        contents: its arrays.
        number: determines the state of the global random generators.
        workers: of `PoolView.map`.
        backwards: whether `map` begins with the last case.
        checkpoint: stores what `map` finishes; one with a part interrupts the query.
    """
    method = _Recorded(make())
    watch = watch_of(method.inner, contents, workers=workers, copies=True)
    pool = view(
        spec,
        contents,
        method.inner,
        watch,
        workers=workers,
        backwards=backwards,
        checkpoint=checkpoint,
    )
    seed_globals(number)
    before = snapshot(pool, contents)
    chosen, broken, trace = None, {}, ""
    modules, roots = set(sys.modules), installed_roots()
    try:
        chosen = run_method(method, pool, spec.n)
    except BaseException as error:  # noqa: BLE001  (the method's own)
        # Only who asked for a part is told that it is done.
        if not (isinstance(error, PartDone) and checkpoint and checkpoint.part):
            broken = _broken_by(error, method.answer, pool, spec.n)
            trace = "".join(traceback.format_exception(error))
    told = foreign_module(modules, roots)
    if told:
        broken[CONTRACT] = f"{told}; {WAY_OUT}"
    if watch.forbidden:
        broken[LABELS] = f"asks for {watch.forbidden[0]}"
    changed = next(changes(before, pool, contents, watch), None)
    if changed:
        broken[UNCHANGED] = f"{changed} was changed"
    if watch.borrowed.excesses:
        broken[HELD] = (
            f"{watch.borrowed.excesses[0]} predictions are still held when the next one is made; "
            "release each, and return small results from pool.map"
        )
    saved = None if chosen is None else watch.state.saved
    return Trial(spec, chosen, broken, saved, frozenset(watch.reached), trace)


def _broken_by(error: BaseException, answer: object, pool: PoolView, n: int) -> dict[str, str]:
    """Which rules a query broke that ended with an error."""
    if not isinstance(error, NnactiveError):
        return {CONTRACT: described(error)}
    text = " ".join(str(error).split()).removeprefix(f"{_Recorded.__name__}: ")
    return _classified(answer, pool, n) or {CONTRACT: text}


def watch_of(method: QueryMethod, contents: Contents, *, workers: int, copies: bool) -> Watch:
    """What to record of a query; a method that looks back may hold two predictions per worker."""
    allowed = workers * (2 if Need.HISTORY in method.needs else 1)
    return Watch(BorrowedPredictions(allowed, copies), state=StateSlot(contents.state))


def resumed(make: Make, spec: PoolSpec, contents: Contents, number: int) -> list[Trial]:
    """A query resumed after an interruption in its first `map`, then after one at its end."""
    with tempfile.TemporaryDirectory() as folder:
        _, *whole = [
            attempt(
                make,
                spec,
                contents,
                number,
                checkpoint=Checkpoint(Path(folder), lambda: "", part),
            )
            for part in (Part(1, 2), None, None)
        ]
    return whole


def _classified(answer: object, pool: PoolView, n: int) -> dict[str, str]:
    """Which rules a refused answer breaks, as far as it contains patches of the pool."""
    if not isinstance(answer, list):
        return {}
    patches = [p for p in answer if isinstance(p, Patch) and p.case in pool.shapes]
    broken = {}
    if len(answer) != n:
        broken[BUDGET] = f"{len(answer)} patches instead of {n}"
    try:
        outside = [patch for patch in patches if not patch.inside(pool.shape(patch.case))]
        boxes = [*pool.labelled, *patches]
        first = len(pool.labelled)
        pairs = [
            (boxes[a], boxes[b])
            for b in range(first, len(boxes))
            for a in range(b)
            if boxes[a].overlaps(boxes[b])
        ]
    except (TypeError, ValueError):  # starts that aren't three numbers
        return broken
    if outside:
        at = outside[0]
        broken[BOUNDS] = f"{at.case}: the patch at {at.start} leaves {pool.shape(at.case)}"
    if pairs:
        one, other = pairs[0]
        what = "labelled" if one in pool.labelled else "chosen"
        broken[OVERLAP] = f"{other.case}: {other.start} overlaps the {what} patch at {one.start}"
    return broken

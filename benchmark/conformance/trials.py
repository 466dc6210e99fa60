"""One query of a method on a synthetic pool, and what it broke."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.conformance.pools import Contents, World
from benchmark.conformance.snapshots import changes, seed_globals, snapshot
from benchmark.conformance.views import WatchedPool, view
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch
from nnactive.methods import PoolView, QueryMethod
from nnactive.methods.run_method import run_method
from nnactive.query.checkpoint import Kept, Part, PartDone

Make = Callable[[], QueryMethod]
"""Makes the method anew, as every query of a run does."""

CONTRACT = "contract kept"
BUDGET = "exact budget"
BOUNDS = "inside the images"
OVERLAP = "no overlap"
LABELS = "only labels it may see"
UNCHANGED = "inputs unchanged"
HELD = "no prediction kept"


@dataclass(frozen=True)
class Trial:
    """How one query went."""

    world: World
    chosen: list[Patch] | None
    """The answer; None if it broke the contract, or was interrupted."""
    broken: dict[str, str] = field(default_factory=dict)
    """By row why it is broken."""


class _Recorded(QueryMethod):
    """Keeps what a method answers, for the case that `run_method` refuses it."""

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
    world: World,
    contents: Contents,
    number: int,
    *,
    workers: int = 1,
    backwards: bool = False,
    kept: Kept | None = None,
) -> Trial:
    """Let a new object of the method query a world.

    Args:
        make: makes it.
        world: the pool.
        contents: its arrays.
        number: another state of the global random generators for each number.
        workers: of `PoolView.map`.
        backwards: whether `map` begins with the last case.
        kept: takes what `map` finishes, and interrupts the query if it is for a part.
    """
    method = _Recorded(make())
    pool = view(world, contents, method.inner, workers=workers, backwards=backwards, kept=kept)
    seed_globals(number)
    before = snapshot(pool, contents)
    chosen, broken = None, {}
    try:
        chosen = run_method(method, pool, world.n)
    except PartDone:
        pass
    except NnactiveError as error:
        text = " ".join(str(error).split()).removeprefix(f"{_Recorded.__name__}: ")
        broken = _sorted_out(method.answer, pool, world.n) or {CONTRACT: text}
    if pool.looks:
        broken[LABELS] = f"asks for {pool.looks[0]}"
    changed = next(changes(before, pool, contents), None)
    if changed:
        broken[UNCHANGED] = f"{changed} was changed"
    if pool.lent.hoards:
        broken[HELD] = (
            f"{pool.lent.hoards[0]} predictions are still held when the next one is made; "
            "let go of each, return small things from pool.map"
        )
    return Trial(world, chosen, broken)


def gone_on(make: Make, world: World, contents: Contents, number: int) -> list[Trial]:
    """A query gone on with after an interruption in its first `map`, then after one at its end."""
    with tempfile.TemporaryDirectory() as folder:
        _, *whole = [
            attempt(make, world, contents, number, kept=Kept(Path(folder), lambda: "", part))
            for part in (Part(1, 2), None, None)
        ]
    return whole


def _sorted_out(answer: object, pool: WatchedPool, n: int) -> dict[str, str]:
    """Which rules a refused answer breaks, as far as its items are patches of the pool."""
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

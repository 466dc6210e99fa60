"""Pools in which nothing is labelled, and a start method as the checks take it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmark.conformance.pools import LARGE, PLAIN
from benchmark.conformance.views import WatchedPool
from nnactive.geometry import Patch
from nnactive.methods import STARTS, PoolView, QueryMethod, StartMethod
from nnactive.methods.starts.pool import StartPool

if TYPE_CHECKING:
    from nnactive.methods.base import Method

UNLABELLED = replace(
    PLAIN,
    title="pool before the start",
    loop=0,
    shapes={
        **PLAIN.shapes,
        "e": (13, 13, 15),
        "f": (16, 16, 12),
        "g": (12, 14, 12),
        "h": (15,) * 3,
    },
)
START_POOLS = (
    UNLABELLED,
    replace(
        UNLABELLED,
        title="pool with thin images before the start",
        shapes={**UNLABELLED.shapes, "b": (3, 20, 20), "d": (18, 2, 18)},
    ),
    replace(
        UNLABELLED,
        title="pool with anisotropic patches before the start",
        patch_size=(2, 6, 5),
        stride=(1, 3, 2),
        n=9,
    ),
    replace(UNLABELLED, title="pool with one class before the start", classes=2, n=4),
)
START_LARGE = replace(LARGE, loop=0)


class StartAsQuery(QueryMethod):
    """Asks a start method, `inner`, in a pool that shows it images alone, as if it were a query."""

    needs = frozenset()

    def __init__(self, inner: StartMethod) -> None:
        super().__init__()
        self.inner = inner

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """The start method's choice; what it asks for beyond images is recorded."""

        def refused(name: str) -> None:
            if isinstance(pool, WatchedPool):
                pool._watch.forbidden.append(f"pool.{name}, before the start")  # noqa: SLF001

        return self.inner.start(StartPool(pool, refused=refused), n)


class ProtocolAsQuery(StartAsQuery):
    """The same for the protocol's starting budget, which looks at labels."""

    oracle = True

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """The protocol's choice from the pool's complete label maps."""
        return self.inner.start(StartPool(pool, lambda size: _protocol(pool, size)), n)


def judged(found: "Method") -> QueryMethod:
    """The method as the checks take it."""
    if isinstance(found, QueryMethod):
        return found
    if not isinstance(found, StartMethod):
        raise TypeError(type(found).__name__)
    kind = ProtocolAsQuery if type(found) is STARTS["foreground33"] else StartAsQuery
    return kind(found)


def _protocol(pool: PoolView, n: int) -> list[Patch]:
    from nnactive.steps.starting_budget import starting_budget

    cases = [SimpleNamespace(id=case) for case in pool.cases]
    names = tuple(map(str, range(pool.n_classes)))
    dataset: Any = SimpleNamespace(
        info=SimpleNamespace(name="synthetic", classes=names, pool=cases),
        pool_label=pool.oracle.label,
        shape=pool.shape,
    )
    return starting_budget(dataset, pool.patch_size, n, seed=1)

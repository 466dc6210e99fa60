"""How a method looks for patches, as far as its class says without making a query."""

import math
import operator
import sys
from decimal import Decimal
from typing import Any, Literal, NoReturn

from pydantic import PositiveInt

from nnactive.authored import files_of, with_place
from nnactive.errors import MethodError, described
from nnactive.io.models import Frozen
from nnactive.methods.base import QueryMethod
from nnactive.methods.batches import StochasticBatches
from nnactive.methods.noisy import SoftrankBald
from nnactive.methods.parts.features import FeatureMethod
from nnactive.methods.random import Random, RandomStrided
from nnactive.methods.stratified import ClassBalanced
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.view import PoolView
from nnactive.query.prediction import Need
from nnactive.query.strata import quotas


class Demand(Frozen):
    """How a method looks for the patches of one query."""

    search: Literal["drawn", "grid", "tiles", "unknown"]
    """drawn: starts are drawn; grid: every start on the grid; tiles: a grid of adjacent patches."""
    limit: int | None = None
    """Patches that an image puts forward; None: as many as find room, or unknown."""
    alpha: Decimal | None = None
    """Share of the class strata; None: there are no strata."""
    classes: PositiveInt = 1
    """Foreground classes."""
    binding: bool = True
    """Whether the method can't find more; False if its class chooses in a way of its own."""

    @property
    def quotas(self) -> list[int] | None:
        """Patches that each stratum of an image puts forward, the unstratified one first."""
        if self.limit is None:
            return None
        return [self.limit] if self.alpha is None else quotas(self.limit, self.alpha, self.classes)

    def shares(self, n: int) -> list[int]:
        """Patches that each stratum needs for a query of ``n``; those of classes are rounded up."""
        if self.alpha is None:
            return [n]
        together = int(self.alpha * n)
        return [n - together, *[-(-together // self.classes)] * self.classes]


class _NotAFact(BaseException):
    """A method's limit asks for what is only known during a query; no method catches this."""


class _Facts(PoolView):
    """A pool of which nothing is known yet but its sizes."""

    @property
    def info(self) -> NoReturn:
        raise _NotAFact

    @property
    def labelled(self) -> NoReturn:
        raise _NotAFact

    @property
    def state(self) -> NoReturn:
        raise _NotAFact

    def save(self, *_: object) -> NoReturn:
        raise _NotAFact

    def rng(self, *_: object, **__: object) -> NoReturn:
        raise _NotAFact

    def torch_rng(self, *_: object, **__: object) -> NoReturn:
        raise _NotAFact

    def map(self, *_: object, **__: object) -> NoReturn:
        raise _NotAFact


def demand_of(method: QueryMethod, info: PoolInfo) -> Demand:
    """How a method looks for the patches of a query.

    Nothing is known of a class that replaces the search. A limit that depends on more than the
    pool's sizes, such as the labelled patches, isn't known either.

    Args:
        method: the method; its ``limit`` is called.
        info: the pool; its labelled patches aren't used.

    Raises:
        MethodError: if ``limit`` fails, or doesn't return a number.
    """
    kind: Any = type(method)
    known = {
        Random.query: Demand(search="drawn"),
        StochasticBatches.query: Demand(search="drawn"),
        RandomStrided.query: Demand(search="tiles"),
    }
    if kind.query in known:
        return known[kind.query]
    if kind.query is FeatureMethod.query:
        own_places = kind.places is not FeatureMethod.places
        limit = None if own_places else _limit(method, info)
        return Demand(search="unknown" if limit is None else "drawn", limit=limit)
    own_search = kind.candidates not in {QueryMethod.candidates, ClassBalanced.candidates}
    own_search |= kind.best_of_image is not QueryMethod.best_of_image
    own_search |= kind.query is not QueryMethod.query
    limit = None if own_search else _limit(method, info)
    if limit is None:
        return Demand(search="unknown")
    if kind.candidates is QueryMethod.candidates:
        plain = kind.choose in {QueryMethod.choose, SoftrankBald.choose}
        return Demand(search="grid", limit=limit, binding=plain)
    return Demand(
        search="grid",
        limit=limit,
        alpha=method.parameters.alpha,  # type: ignore[attr-defined]
        classes=info.n_classes - 1,
        binding=kind.choose is ClassBalanced.choose,
    )


def _limit(method: QueryMethod, info: PoolInfo) -> int | None:
    """What ``limit`` returns, as a number of patches; None if it can't be known in advance."""
    try:
        value: Any = method.limit(_Facts(info, _sources(method)))
        if isinstance(value, float):
            value = sys.maxsize if value == math.inf else math.ceil(value)
        return max(0, operator.index(value))
    except _NotAFact:
        return None
    except (Exception, SystemExit) as error:
        line = with_place(f"limit: {described(error)}", error)
        raise MethodError(f"{method.name}: {line}") from error


def _sources(method: QueryMethod) -> Sources:
    """Sources of a pool that nothing can be read from."""

    def nothing(*_: object) -> NoReturn:
        raise _NotAFact

    class Nothing:
        def __getattribute__(self, _: str) -> NoReturn:
            raise _NotAFact

    unknown: Any = Nothing()
    return Sources(
        images=nothing,
        partial_labels=nothing,
        predictor=nothing,
        embedder=nothing,
        network=unknown,
        device=nothing,
        oracle_labels=nothing,
        needs=frozenset(Need),
        names=(),
        files=files_of(type(method)),
    )

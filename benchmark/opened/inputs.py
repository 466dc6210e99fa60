"""What a query of a run chose from, for whoever looks on instead of the method."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from benchmark.replay.find import Moment
from nnactive.methods import QueryMethod

if TYPE_CHECKING:
    from nnactive.steps.query import QueryInputs


def query_inputs(moment: Moment, method: QueryMethod) -> "QueryInputs":
    """What the query of a moment chose from, with ``method`` in place of the experiment's own.

    The random streams are those of the experiment's own method.
    """
    from nnactive.steps.query import QueryInputs

    return QueryInputs(
        data=moment.data,
        setting=moment.setting,
        seed=moment.experiment.seed,
        loop=moment.loop,
        method=method,
        method_id=moment.experiment.method,
        queries=moment.queries,
        train=moment.train,
        members=moment.members,
    )


def onlooker(needs: Iterable[str], *, oracle: bool) -> QueryMethod:
    """A method that chooses nothing, to open a pool with what it declares."""
    declared = {"needs": frozenset(needs), "oracle": oracle, "__doc__": "Looks on."}
    kind: type[QueryMethod] = type("Onlooker", (QueryMethod,), declared)
    return kind()

"""What a query of a run chose from, for whoever looks on instead of the method."""

from collections.abc import Iterable

from nnactive.methods import QueryMethod


def onlooker(needs: Iterable[str], *, oracle: bool) -> QueryMethod:
    """A method that chooses nothing, to open a pool with what it declares."""
    declared = {"needs": frozenset(needs), "oracle": oracle, "__doc__": "Looks on."}
    kind: type[QueryMethod] = type("Onlooker", (QueryMethod,), declared)
    return kind()

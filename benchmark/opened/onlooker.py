"""What a query of a run chose from, for whoever looks on instead of the method."""

from collections.abc import Iterable

from nnactive.errors import UserError
from nnactive.methods import Need, QueryMethod


def onlooker(needs: Iterable[str], *, oracle: bool) -> QueryMethod:
    """A method that chooses nothing, to open a pool with what it declares.

    Raises:
        UserError: for an unknown need.
    """
    wanted = frozenset({needs} if isinstance(needs, str) else needs)
    unknown = sorted(map(str, wanted - set(Need)))
    if unknown:
        raise UserError(f"needs: {unknown[0]!r} is none of {', '.join(sorted(Need))}")
    declared = {"needs": wanted, "oracle": oracle, "__doc__": "Looks on."}
    kind: type[QueryMethod] = type("Onlooker", (QueryMethod,), declared)
    return kind()

"""Start methods in a track that compares them: each is run with the track's query method."""

from benchmark.layout import JOINT
from benchmark.submission.method_class import TO_QUERY, TO_START, as_query
from benchmark.submission.method_string import LONGEST_ID, Method
from benchmark.submission.spec import MethodSpec, make
from nnactive.errors import UserError


def fixed_query(text: str) -> MethodSpec:
    """The built-in query method that makes the later loops of a track that compares starts.

    Raises:
        UserError: if there is none of that name, or it is a start method.
    """
    method = Method.parse(text)
    if method.file is not None:
        raise UserError(f"{text}: the query method that all starts share must be a built-in one")
    spec, found = make(method)
    as_query(found, text)
    return spec


def entrant(spec: MethodSpec, query: str | None) -> MethodSpec:
    """What a method enters a track as: alone, or a start with the track's query method.

    Args:
        spec: the method.
        query: METHOD of the later loops, in a track that compares starts.

    Raises:
        UserError: if it is a start method and the track compares query methods, or the other way.
    """
    if query is None:
        if spec.starts:
            raise UserError(
                f"{spec.record.id}: a start method, and this track compares query methods; "
                f"{TO_START}"
            )
        return spec
    if not spec.starts:
        raise UserError(f"{spec.record.id}: a query method, not a start method; {TO_QUERY}")
    return paired(spec, fixed_query(query))


def paired(spec: MethodSpec, later: MethodSpec) -> MethodSpec:
    """A start method, and the query method that makes the later loops, as one.

    Raises:
        UserError: if their ids together are too long.
    """
    start, second = spec.record, later.record
    joined = f"{start.id}{JOINT}{second.id}"
    if len(joined) > LONGEST_ID:
        raise UserError(
            f"{joined}: the name is longer than {LONGEST_ID} characters; "
            "give it fewer parameters or the class a shorter name"
        )
    record = start.model_copy(
        update={
            "id": joined,
            "name": f"{start.name}, then {second.name}",
            "oracle": start.oracle or second.oracle,
            "start": start.id,
            "query": second.id,
        }
    )
    return MethodSpec(record=record, entry=spec.entry, pair=(spec, later))

"""What a process with an author's code says of a METHOD, against what the benchmark knows itself.

The description comes from a process in which the author's code ran, so all of it may be made up.
What can be known without that code is taken from elsewhere; the rest has limits.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

from benchmark.results import MethodRecord, ParameterValue
from benchmark.submission.method_string import LONGEST_ID, Method, method_id, written
from benchmark.submission.spec import MethodSpec
from nnactive.errors import UserError
from nnactive.io.queries import START
from nnactive.methods import BUILTIN, STARTS

LONGEST: Final = {"name": 150, "description": 1000, "reference": 500}
"""Characters of a record's texts."""
LONGEST_VALUE: Final = 500
MOST_PARAMETERS: Final = 50
MOST_GIVEN: Final = 12
"""Parameters in a METHOD string; each doubles the ids that it may have."""


def confirm(spec: MethodSpec, method: Method) -> MethodSpec:
    """A METHOD's description with what the benchmark knows in place of what it was told.

    Args:
        spec: what the process with the author's code wrote.
        method: the METHOD that it was asked to describe.

    Raises:
        UserError: if the description can't be one of this METHOD.
    """
    origin, record, copy = method.origin, spec.record, method.copy
    if spec.pair is not None or record.start is not None or record.query is not None:
        raise UserError(f"{origin}: describes two methods; describe one")
    if spec.starts and (spec.looks_back or record.oracle):
        raise UserError(f"{origin}: a start method sees images alone")
    if spec.looks_back and not spec.needs_network:
        raise UserError(f"{origin}: looks back without an ensemble; declare what it needs")
    _check_texts(record, origin, submitted=copy is not None)
    _check_parameters(record, method)
    changed = next((each for each in _subsets(record, method) if _fits(record, method, each)), None)
    if changed is None or method.base_id == START or len(record.id) > LONGEST_ID:
        raise UserError(f"{origin}: its id '{record.id}' isn't that of this METHOD")
    known = {
        "id": method_id(method.base_id, changed),
        "origin": "builtin" if copy is None else "submission",
        "requirements": () if copy is None else copy.bundle.requirements,
    }
    if copy is not None:
        known["source_hash"] = copy.bundle.digest
    return spec.model_copy(update={"entry": method.name, "record": record.model_copy(update=known)})


def _check_texts(record: MethodRecord, origin: str, *, submitted: bool) -> None:
    for field, most in LONGEST.items():
        text: str = getattr(record, field)
        if len(text) > most or not text.isprintable():
            raise UserError(
                f"{origin}: its {field} must have at most {most} characters on one line, "
                "all of them printable"
            )
    if not record.name.strip():
        raise UserError(f"{origin}: its name is empty")
    if submitted and record.name.strip().lower() in {*BUILTIN, *STARTS}:
        raise UserError(f"{origin}: has the name of the built-in method {record.name}; rename it")


def _check_parameters(record: MethodRecord, method: Method) -> None:
    values = record.parameters
    named = all(name.isidentifier() and len(name) <= LONGEST_VALUE for name in values)
    short = all(len(each) <= LONGEST_VALUE for each in values.values() if isinstance(each, str))
    if (
        len(values) > MOST_PARAMETERS
        or len(method.parameters) > MOST_GIVEN
        or not (named and short)
    ):
        raise UserError(f"{method.origin}: has too many parameters, or too long ones")
    for name, text in method.parameters.items():
        if name not in values or not _same(values[name], text):
            raise UserError(f"{method.origin}: doesn't use {name}={text}, as the METHOD has it")


def _same(value: ParameterValue, text: str) -> bool:
    """Whether a value is what a METHOD string has."""
    if written(value).lower() == text.strip().lower():
        return True
    if isinstance(value, bool):
        return text.strip().lower() in ({"1", "yes", "on"} if value else {"0", "no", "off"})
    try:
        return float(written(value)) == float(text)
    except ValueError:
        return False


def _subsets(record: MethodRecord, method: Method) -> Iterator[Mapping[str, ParameterValue]]:
    """The given parameters that may differ from their defaults, in the record's order."""
    given = [name for name in record.parameters if name in method.parameters]
    for size in range(len(given), -1, -1):
        for names in combinations(given, size):
            yield {name: record.parameters[name] for name in names}


def _fits(record: MethodRecord, method: Method, changed: Mapping[str, ParameterValue]) -> bool:
    return record.id == method_id(method.base_id, changed)

"""Help on a method, from its class: docstring, parameters and their limits."""

from typing import TYPE_CHECKING

from benchmark.results import MethodRecord
from benchmark.submission.method_class import docstring
from benchmark.submission.method_string import Method
from benchmark.submission.spec import make
from nnactive.io.models import Frozen

if TYPE_CHECKING:
    from pydantic import BaseModel

SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class MethodHelp(Frozen):
    """What ``method show`` prints; another process writes it to a file for a submitted class."""

    record: MethodRecord
    text: str
    """The class's docstring."""
    limits: dict[str, str]
    """Type and bounds by parameter."""


def method_help(method: Method) -> MethodHelp:
    """Help on a METHOD; runs the author's code.

    Raises:
        UserError: one line with file and cause if this isn't a query method that can run.
    """
    spec, found = make(method)
    kind = type(found).Parameters
    return MethodHelp(
        record=spec.record,
        text=docstring(type(found)),
        limits={name: _limits(kind, name) for name in spec.record.parameters},
    )


def _limits(parameters: "type[BaseModel]", name: str) -> str:
    field = parameters.model_fields[name]
    kind = getattr(field.annotation, "__name__", str(field.annotation))
    bounds = [
        f"{sign} {value}"
        for limit in field.metadata
        for bound, sign in SIGNS.items()
        if (value := getattr(limit, bound, None)) is not None
    ]
    return ", ".join([kind, *bounds])

"""What a method's class says of itself: its docstring, its parameters and their limits."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.results import MethodRecord
from benchmark.submission.spec import make
from nnactive.settings import Frozen

if TYPE_CHECKING:
    from pydantic import BaseModel

SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class Sheet(Frozen):
    """A method as `method show` tells it."""

    record: MethodRecord
    text: str
    """The class's docstring."""
    limits: dict[str, str]
    """Type and bounds by parameter."""


def sheet(text: str, parameters: Sequence[str] = ()) -> Sheet:
    """The sheet of a METHOD; runs the author's code.

    Raises:
        UserError: one line with file and cause if this is no query method that can be run.
    """
    spec, found = make(text, parameters)
    kind = type(found).Parameters
    return Sheet(
        record=spec.record,
        text=inspect.getdoc(type(found)) or "",
        limits={name: _limits(kind, name) for name in spec.record.parameters},
    )


def _limits(parameters: "type[BaseModel]", name: str) -> str:
    field = parameters.model_fields[name]
    kind = getattr(field.annotation, "__name__", str(field.annotation))
    bounds = [
        f"{signs} {value}"
        for limit in field.metadata
        for bound, signs in SIGNS.items()
        if (value := getattr(limit, bound, None)) is not None
    ]
    return ", ".join([kind, *bounds])

"""Find a method's class, in the registry or in a submission, and make an object of it."""

import inspect
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Final

from benchmark.results import ParameterValue
from nnactive.authored import with_place
from nnactive.errors import UserError, described

if TYPE_CHECKING:
    from benchmark.submission.files.frozen import FrozenCopy
    from nnactive.methods import QueryMethod, StartMethod
    from nnactive.methods.base import Method

QUERY_PARTS: Final = ("score", "candidates", "query")
"""A query method writes at least one of these."""
START_PARTS: Final = ("start",)
TO_START: Final = "give it to a track that compares starts, such as coldstart_demo"
TO_QUERY: Final = "the track compares starts, which are classes of nnactive.methods.StartMethod"


def builtin_class(name: str) -> "type[Method]":
    """The built-in class of that name.

    Raises:
        UserError: lists the names if there is none.
    """
    from nnactive.methods import BUILTIN, STARTS

    known: dict[str, type[Method]] = {**BUILTIN, **STARTS}
    if name not in known:
        # YAML splits an unquoted METHOD with parameters in [...] at its commas.
        quotes = "; inside YAML's [...] quote the METHOD" if "=" in name else ""
        raise UserError(
            f"unknown method '{name}'; known methods: {', '.join(sorted(BUILTIN))}, "
            f"known starts: {', '.join(sorted(STARTS))}, "
            f"or give path/to/file.py:Class{quotes}"
        )
    return known[name]


def as_query(found: "Method", origin: str) -> "QueryMethod":
    """The object, if it is a query method; ``origin`` names it in errors.

    Raises:
        UserError: if it is a start method.
    """
    from nnactive.methods import QueryMethod

    if not isinstance(found, QueryMethod):
        raise UserError(f"{origin}: a start method, which chooses loop 0 alone; {TO_START}")
    return found


def as_start(found: "Method", origin: str) -> "StartMethod":
    """The object, if it is a start method; ``origin`` names it in errors.

    Raises:
        UserError: if it is a query method.
    """
    from nnactive.methods import StartMethod

    if not isinstance(found, StartMethod):
        raise UserError(f"{origin}: a query method, not a start method; {TO_QUERY}")
    return found


def submitted_class(copy: "FrozenCopy", name: str) -> "type[Method]":
    """Import a submission and return its class ``name``, of a query or start method.

    Raises:
        UserError: if the submission can't be imported, or doesn't define such a class whose name
            on the leaderboard isn't a built-in one's.
    """
    from benchmark.submission.alone import import_copy
    from nnactive.methods import BUILTIN, STARTS, QueryMethod, StartMethod

    module, path = import_copy(copy), copy.shown
    found = getattr(module, name, None)
    if found is None:
        there = [each for each, kind in vars(module).items() if _is_defined_in(kind, module)]
        raise UserError(f"{path}: has no class {name}; it has {', '.join(there) or 'no classes'}")
    if not (inspect.isclass(found) and issubclass(found, (QueryMethod, StartMethod))):
        raise UserError(
            f"{path}: {name} is not a subclass of nnactive.methods.QueryMethod or StartMethod"
        )
    starts = issubclass(found, StartMethod)
    base, parts = (StartMethod, START_PARTS) if starts else (QueryMethod, QUERY_PARTS)
    chooses = any(getattr(found, part) is not getattr(base, part) for part in parts)
    if not chooses or inspect.isabstract(found):
        raise UserError(f"{path}: {name} never chooses patches; define {_either(parts)}")
    builtin: dict[str, type[Method]] = {**BUILTIN, **STARTS}
    if not _is_defined_in(found, module):
        names = [each for each, kind in builtin.items() if kind is found]
        way = f"run the built-in: {names[0]}" if names else "define a subclass of it in this file"
        raise UserError(f"{path}: {name} is imported from {found.__module__}; {way}")
    if starts and inspect.getattr_static(found, "oracle") is not False:
        raise UserError(f"{path}: {name}: a start method sees images alone; remove oracle")
    if found.name in builtin:
        raise UserError(
            f"{path}: {name} has the name of the built-in method {found.name}; rename it"
        )
    return found


def docstring(kind: type) -> str:
    """A class's own docstring; a parent's doesn't describe it."""
    return inspect.cleandoc(vars(kind).get("__doc__") or "")


def _either(parts: Sequence[str]) -> str:
    return f"{parts[0]} or {parts[-1]}" if len(parts) > 1 else parts[0]


def _is_defined_in(kind: object, module: ModuleType) -> bool:
    """Whether a class is one of the submission's, in whichever of its files."""
    root = module.__name__.partition(".")[0]
    return inspect.isclass(kind) and kind.__module__.partition(".")[0] == root


def instance(
    kind: "type[Method]", origin: str, parameters: Mapping[str, ParameterValue]
) -> "Method":
    """Make an object of the class with these parameters; ``origin`` names it in errors.

    Raises:
        UserError: for an undeclared parameter, an invalid value, an invalid declaration in the
            class, or a constructor that raises.
    """
    from nnactive.methods import Need, QueryMethod

    _check_declared(kind, origin, parameters)
    try:
        found = kind(**parameters)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        cause = with_place(described(error), error)
        raise UserError(f"{origin}: its constructor raised {cause}") from error
    if not isinstance(inspect.getattr_static(found, "oracle"), bool):
        raise UserError(f"{origin}: oracle must be a class constant, True or False")
    if not isinstance(found, QueryMethod):
        return found
    if not isinstance(found.needs, frozenset | set) or not found.needs <= set(Need):
        raise UserError(
            f"{origin}: needs = {found.needs!r}; use a frozenset of {', '.join(sorted(Need))}"
        )
    return found


def _check_declared(
    kind: "type[Method]", origin: str, parameters: Mapping[str, ParameterValue]
) -> None:
    """Refuse undeclared parameters, and declarations that can't work."""
    from nnactive.methods import QueryMethod
    from nnactive.methods.base import Method

    needed = [
        parameter.name
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    declared = kind.Parameters
    if not (inspect.isclass(declared) and issubclass(declared, Method.Parameters)):
        base = "QueryMethod" if issubclass(kind, QueryMethod) else "StartMethod"
        raise UserError(f"{origin}: declare its parameters as class Parameters({base}.Parameters)")
    declared.check(origin)
    fields = kind.Parameters.model_fields
    needed += [name for name, field in fields.items() if field.is_required()]
    if needed:
        raise UserError(
            f"{origin}: the constructor needs {', '.join(needed)}; give every parameter a default"
        )
    for name in parameters:
        if name not in fields:
            raise UserError(
                f"{origin}: has no parameter '{name}'; it has {', '.join(fields) or 'none'}"
            )
    if fields and kind.__init__ is not Method.__init__:
        # Otherwise the recorded values might not be the ones used.
        takes = inspect.signature(kind).parameters.values()
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes):
            raise UserError(
                f"{origin}: the class declares Parameters, so its constructor must be "
                "__init__(self, **parameters) and begin with super().__init__(**parameters)"
            )

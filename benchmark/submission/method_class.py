"""From a builtin method's name, or a submitted file, to its class and an object of it."""

import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from benchmark.results import ParameterValue
from nnactive.errors import UserError
from nnactive.io.files import sha256

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod

PREDICTIONS = frozenset({"mean", "expected_entropy", "embedding", "members"})
"""What a method may declare in ``needs``."""


def builtin_class(name: str) -> "type[QueryMethod]":
    """The builtin class of that name; a ``UserError`` that lists all if there is none."""
    from nnactive.methods import BUILTIN

    if name not in BUILTIN:
        # What a list in brackets makes of a METHOD with parameters.
        quotes = "; in YAML's [...] put METHOD into quotes" if "=" in name else ""
        raise UserError(
            f"unknown method '{name}'; known are {', '.join(sorted(BUILTIN))}, "
            f"or give path/to/file.py:Class{quotes}"
        )
    return BUILTIN[name]


def submitted_class(path: Path, name: str) -> "type[QueryMethod]":
    """The class ``name`` of a file.

    Raises:
        UserError: if the file can't be imported, or holds no query method of that name that says
            how to choose, is the file's own and isn't called as a builtin one.
    """
    from nnactive.methods import BUILTIN, QueryMethod

    module = _import(path)
    found = getattr(module, name, None)
    if found is None:
        there = [each for each, kind in vars(module).items() if _is_own_class(kind, module)]
        raise UserError(
            f"{path}: has no class {name}; it has {', '.join(there) or 'no class at all'}"
        )
    if not (inspect.isclass(found) and issubclass(found, QueryMethod)):
        raise UserError(f"{path}: {name} is not a subclass of nnactive.methods.QueryMethod")
    parts = ("score", "candidates", "query")
    own = any(getattr(found, part) is not getattr(QueryMethod, part) for part in parts)
    if not own or inspect.isabstract(found):
        raise UserError(f"{path}: {name} chooses nothing; it must define score or query")
    if found.__module__ != module.__name__:
        names = [each for each, kind in BUILTIN.items() if kind is found]
        way = f"name it as builtin: {names[0]}" if names else "write a subclass of it in this file"
        raise UserError(f"{path}: {name} is imported from {found.__module__}; {way}")
    if found.name in BUILTIN:
        raise UserError(
            f"{path}: {name} has the name of the builtin method {found.name}; give it another name"
        )
    return found


def _is_own_class(kind: object, module: ModuleType) -> bool:
    return inspect.isclass(kind) and kind.__module__ == module.__name__


def _import(path: Path) -> ModuleType:
    name = f"nnactive_submission_{sha256(path)[:16]}"
    loader = importlib.util.spec_from_file_location(name, path)
    if loader is None or loader.loader is None:
        raise UserError(f"{path}: not a Python file; METHOD is path/to/file.py:Class")
    if name in sys.modules:
        return sys.modules[name]
    module = importlib.util.module_from_spec(loader)
    # Classes are pickled, and dataclasses resolved, by the module's name.
    sys.modules[name] = module
    try:
        loader.loader.exec_module(module)
    except SyntaxError as error:
        sys.modules.pop(name)
        raise UserError(f"{path}: line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        sys.modules.pop(name)
        raise UserError(f"{path}: can't be imported: {_one_line(error)}") from error
    return module


def instance(
    kind: "type[QueryMethod]", origin: str, parameters: Mapping[str, ParameterValue]
) -> "QueryMethod":
    """An object of the class with these parameters; ``origin`` names it in errors.

    Raises:
        UserError: if the class doesn't declare a parameter, a value doesn't fit, what the class
            declares can't be used, or its constructor raises.
    """
    _check_declared(kind, origin, parameters)
    try:
        found = kind(**parameters)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"{origin}: can't be made: {_one_line(error)}") from error
    if not isinstance(inspect.getattr_static(found, "oracle"), bool):
        raise UserError(f"{origin}: oracle must be plainly True or False in the class")
    if not isinstance(found.needs, frozenset | set) or not found.needs <= PREDICTIONS:
        raise UserError(
            f"{origin}: needs = {found.needs!r}; it must be a frozenset of "
            f"{', '.join(sorted(PREDICTIONS))}"
        )
    return found


def _check_declared(
    kind: "type[QueryMethod]", origin: str, parameters: Mapping[str, ParameterValue]
) -> None:
    """Refuse parameters that the class doesn't declare, and declarations that can't be used."""
    from nnactive.methods import QueryMethod

    needed = [
        parameter.name
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    declared = kind.Parameters
    if not (inspect.isclass(declared) and issubclass(declared, QueryMethod.Parameters)):
        raise UserError(
            f"{origin}: its Parameters must be a class Parameters(QueryMethod.Parameters)"
        )
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
    if fields and kind.__init__ is not QueryMethod.__init__:
        # Otherwise what is recorded could be something else than what is used.
        takes = inspect.signature(kind).parameters.values()
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes):
            raise UserError(
                f"{origin}: its constructor must be __init__(self, **parameters) and begin with "
                "super().__init__(**parameters), as the class declares Parameters"
            )


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

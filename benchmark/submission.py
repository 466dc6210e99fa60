"""METHOD strings: a builtin method's name, or ``path/to/file.py:Class``."""

import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from benchmark.layout import spec_file
from benchmark.results import MethodRecord
from nnactive.errors import UserError
from nnactive.files import first_problem, read_model, sha256, write_bytes, write_model
from nnactive.queries import START
from nnactive.settings import Frozen

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod

PREDICTIONS = frozenset({"mean", "expected_entropy"})
"""What a method may declare in ``needs``."""


class MethodSpec(Frozen):
    """A method that may be run: its record, and where its class is."""

    record: MethodRecord
    entry: str
    """Name in the builtin registry, or of the class in the frozen copy of the file."""


def is_builtin(method: str) -> bool:
    """Whether a METHOD string is a builtin method's name rather than a file's class."""
    return ":" not in method and not method.endswith(".py")


def describe(method: str) -> MethodSpec:
    """Import a METHOD, check the class, make an object of it and say what it is.

    Runs the author's code, so callers that must survive it do this in a process of its own.

    Raises:
        UserError: one line with file and cause if this is no query method that can be run.
    """
    if is_builtin(method):
        return _describe_builtin(method)
    path, name = split(method)
    origin = f"{path}:{name}"
    made = _instance(_class(path, name), origin)
    return MethodSpec(
        record=_record(made, origin, submission_id(path, name), sha256(path), "submission"),
        entry=name,
    )


def split(method: str) -> tuple[Path, str]:
    """File and class of a METHOD string; a ``UserError`` where either can't be."""
    file, _, name = method.rpartition(":")
    if not file or not name.isidentifier():
        raise UserError(f"{method}: no class given; write path/to/file.py:Class")
    path = Path(file)
    if not path.is_file():
        raise UserError(f"{file}: no such file; METHOD is path/to/file.py:Class")
    return path, name


def submission_id(path: Path, name: str) -> str:
    """Method id of a submitted class: its name and the start of the file's hash."""
    return f"{name}-{sha256(path)[:8]}"


def freeze(root: Path, spec: MethodSpec, source: Path | None) -> None:
    """Keep a method's spec, and the copy of its file that every query runs, under ``root``."""
    if source is not None:
        content = source.read_bytes()
        if hashlib.sha256(content).hexdigest() != spec.record.source_hash:
            raise UserError(f"{source}: changed while it was checked; run the command again")
        write_bytes(_copy(root / spec_file(spec.record.id)), content)
    write_model(root / spec_file(spec.record.id), spec)


def load_method(path: Path) -> "QueryMethod":
    """The method that a spec file describes, made anew from its frozen copy."""
    spec = read_model(path, MethodSpec)
    if spec.record.origin == "builtin":
        return _instance(_builtin_class(spec.entry), spec.entry)
    copy = _copy(path)
    if not copy.is_file() or sha256(copy) != spec.record.source_hash:
        raise UserError(f"{copy}: isn't the file that was submitted; submit the method again")
    made = _instance(_class(copy, spec.entry), f"{copy}:{spec.entry}")
    if made.oracle is not spec.record.oracle:
        raise UserError(f"{copy}: its declaration of oracle changes; declare it once and for all")
    return made


def _copy(spec: Path) -> Path:
    return spec.with_name(f"{spec.name.removesuffix('.json')}.py")


def _describe_builtin(name: str) -> MethodSpec:
    kind = _builtin_class(name)
    hashed = _library_hash()
    return MethodSpec(
        record=_record(_instance(kind, name), name, name, hashed, "builtin"), entry=name
    )


def _library_hash() -> str:
    """Hash of all code that a builtin method's choice depends on."""
    import nnactive

    root = Path(nnactive.__file__).parent
    files = [*sorted((root / "methods").glob("*.py")), root / "scores.py", root / "selection.py"]
    return hashlib.sha256("".join(sha256(file) for file in files).encode()).hexdigest()


def _builtin_class(name: str) -> "type[QueryMethod]":
    from nnactive.methods import BUILTIN

    if name not in BUILTIN:
        raise UserError(
            f"unknown method '{name}'; known are {', '.join(sorted(BUILTIN))}, "
            "or give path/to/file.py:Class"
        )
    return BUILTIN[name]


def _class(path: Path, name: str) -> "type[QueryMethod]":
    """The class ``name`` of a file, if it is a query method that says how to choose."""
    from nnactive.methods import QueryMethod

    module = _import(path)
    found = getattr(module, name, None)
    if found is None:
        there = [each for each, kind in vars(module).items() if _is_own_class(kind, module)]
        raise UserError(
            f"{path}: has no class {name}; it has {', '.join(there) or 'no class at all'}"
        )
    if not (inspect.isclass(found) and issubclass(found, QueryMethod)):
        raise UserError(f"{path}: {name} is not a subclass of nnactive.methods.QueryMethod")
    own = found.score is not QueryMethod.score or found.query is not QueryMethod.query
    if not own or inspect.isabstract(found):
        raise UserError(f"{path}: {name} chooses nothing; it must define score or query")
    return found


def _is_own_class(kind: object, module: ModuleType) -> bool:
    return inspect.isclass(kind) and kind.__module__ == module.__name__


def _import(path: Path) -> ModuleType:
    name = f"nnactive_submission_{sha256(path)[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    loader = importlib.util.spec_from_file_location(name, path)
    if loader is None or loader.loader is None:
        raise UserError(f"{path}: not a Python file; METHOD is path/to/file.py:Class")
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


def _instance(kind: "type[QueryMethod]", origin: str) -> "QueryMethod":
    needed = [
        parameter.name
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    if needed:
        raise UserError(
            f"{origin}: the constructor needs {', '.join(needed)}; give every parameter a default"
        )
    try:
        made = kind()
    except (Exception, SystemExit) as error:
        raise UserError(f"{origin}: can't be made: {_one_line(error)}") from error
    if not isinstance(inspect.getattr_static(made, "oracle"), bool):
        raise UserError(f"{origin}: oracle must be plainly True or False in the class")
    if not isinstance(made.needs, frozenset | set) or not made.needs <= PREDICTIONS:
        raise UserError(
            f"{origin}: needs = {made.needs!r}; it must be a frozenset of "
            f"{', '.join(sorted(PREDICTIONS))}"
        )
    return made


def _record(
    method: "QueryMethod", origin: str, method_id: str, source_hash: str, kind: str
) -> MethodRecord:
    if method_id == START:
        raise UserError(f"{origin}: a method can't be called '{START}'")
    lines = (inspect.getdoc(type(method)) or "").splitlines()
    try:
        return MethodRecord.model_validate(
            {
                "id": method_id,
                "name": method.name,
                "description": lines[0] if lines else "",
                "parameters": getattr(method, "parameters", {}),
                "source_hash": source_hash,
                "origin": kind,
                "oracle": method.oracle,
            }
        )
    except ValidationError as error:
        raise UserError(f"{origin}: {first_problem(error)}") from None


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

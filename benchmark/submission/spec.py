"""METHODs: a builtin method's name or ``path/to/file.py:Class``, each with ``,parameter=value``."""

import hashlib
import inspect
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from benchmark.layout import spec_file
from benchmark.results import MethodRecord
from benchmark.submission.here import check_here
from benchmark.submission.method_class import builtin_class, instance, submitted_class
from benchmark.submission.method_string import display_name, method_id, parse, written
from benchmark.submission.requirements import SHEET, requirements_of
from nnactive.errors import UserError
from nnactive.io.files import first_problem, read_model, sha256, write_bytes, write_model
from nnactive.io.queries import START
from nnactive.io.state_file import StateFile
from nnactive.query.checkpoint import code_hash

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod

PLAIN = (bool, int, float, str, Decimal, type(None))
"""What a parameter may be."""


class MethodSpec(StateFile):
    """A method that may be run: its record, and where its class is."""

    record: MethodRecord
    entry: str
    """Name in the builtin registry, or of the class in the frozen copy of the file."""


def is_builtin(method: str) -> bool:
    """Whether a METHOD without its parameters is a builtin's name rather than a file's class."""
    return ":" not in method and not method.endswith(".py")


def describe(text: str, parameters: Sequence[str] = ()) -> MethodSpec:
    """Import a METHOD, check the class, make an object of it and say what it is.

    Runs the author's code, so callers that must survive it do this in a process of its own.

    Args:
        text: the METHOD.
        parameters: further parameters of it, each ``name=value``.

    Raises:
        UserError: one line with file and cause if this is no query method that can be run.
    """
    return make(text, parameters)[0]


def make(text: str, parameters: Sequence[str] = ()) -> "tuple[MethodSpec, QueryMethod]":
    """What `describe` says, and the object that it made."""
    method, given = parse(text, parameters)
    if is_builtin(method):
        kind = builtin_class(method)
        found = instance(kind, method, given)
        return MethodSpec(
            record=_record(found, method, method, code_hash(type(found)), "builtin"), entry=method
        ), found
    path, name = split(method)
    origin = f"{path}:{name}"
    requirements = requirements_of(path)
    check_here(text, requirements)
    found = instance(submitted_class(path, name), origin, given)
    record = _record(found, origin, submission_id(path, name), sha256(path), "submission")
    record = record.model_copy(update={"requirements": requirements})
    return MethodSpec(record=record, entry=name), found


def split(method: str) -> tuple[Path, str]:
    """File and class of a METHOD without parameters; a ``UserError`` where either can't be."""
    file, _, name = method.rpartition(":")
    if not file or not name.isidentifier():
        raise UserError(f"{method}: no class given; write path/to/file.py:Class")
    path = Path(file)
    if not path.is_file():
        raise UserError(f"{file}: no such file; METHOD is path/to/file.py:Class")
    return path, name


def submission_id(path: Path, name: str) -> str:
    """Id of a submitted class with its defaults: its name and the start of the file's hash."""
    return f"{name}-{sha256(path)[:8]}"


def check_unchanged(spec: MethodSpec, requirements: Sequence[str], source: Path) -> None:
    """Refuse to go on with a submission under other requirements than it began with.

    Its id is that of the file alone, so that its loops would be of different packages.

    Raises:
        UserError: names both.
    """
    before = spec.record.requirements
    if tuple(requirements) != before:
        raise UserError(
            f"{source.parent / SHEET}: {spec.record.id} was run with {_listed(before)}, now it "
            f"needs {_listed(requirements)}; give another folder of runs, or change the file, too"
        )


def _listed(requirements: Sequence[str]) -> str:
    return ", ".join(requirements) or "no requirements"


def freeze(root: Path, spec: MethodSpec, source: Path | None) -> None:
    """Keep a method's spec, and the copy of its file that every query runs, under ``root``.

    The spec has the submission's requirements, so that no copy of ``submission.yaml`` is needed.

    Raises:
        UserError: if the file isn't the one that was checked, or ran with other requirements.
    """
    known = root / spec_file(spec.record.id)
    if source is not None and known.is_file():
        check_unchanged(read_model(known, MethodSpec), spec.record.requirements, source)
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
        return instance(builtin_class(spec.entry), spec.entry, spec.record.parameters)
    copy = _copy(path)
    if not copy.is_file() or sha256(copy) != spec.record.source_hash:
        raise UserError(f"{copy}: isn't the file that was submitted; submit the method again")
    check_here(
        spec.record.id, spec.record.requirements, "go on in an image that has it, as it began"
    )
    found = instance(
        submitted_class(copy, spec.entry), f"{copy}:{spec.entry}", spec.record.parameters
    )
    if found.oracle is not spec.record.oracle:
        raise UserError(f"{copy}: its declaration of oracle changes; declare it once and for all")
    return found


def _copy(spec: Path) -> Path:
    return spec.with_name(f"{spec.name.removesuffix('.json')}.py")


def _record(
    method: "QueryMethod", origin: str, base_id: str, source_hash: str, kind: str
) -> MethodRecord:
    if base_id == START:
        raise UserError(f"{origin}: a method can't be called '{START}'")
    lines = (inspect.getdoc(type(method)) or "").splitlines()
    content = {
        "id": base_id,
        "name": method.name,
        "description": lines[0] if lines else "",
        "parameters": _values(method, origin),
        "source_hash": source_hash,
        "origin": kind,
        "oracle": method.oracle,
        "reference": method.reference,
    }
    try:
        record = MethodRecord.model_validate(content)
        defaults = {**content, "parameters": _defaults(type(method))}
        usual = MethodRecord.model_validate(defaults).parameters
    except ValidationError as error:
        raise UserError(f"{origin}: {first_problem(error)}") from None
    values = record.parameters.items()
    changed = {key: value for key, value in values if written(value) != written(usual[key])}
    named = {"id": method_id(base_id, changed), "name": display_name(record.name, changed)}
    return record.model_copy(update=named)


def _values(method: "QueryMethod", origin: str) -> dict[str, object]:
    """All parameters of a method with the values used."""
    if not type(method).Parameters.model_fields:
        return {}
    held = getattr(method, "parameters", None)
    if not isinstance(held, type(method).Parameters):
        raise UserError(
            f"{origin}: its constructor must begin with super().__init__(**parameters), as the "
            "class declares Parameters"
        )
    values = held.model_dump()
    for name, value in values.items():
        if not isinstance(value, PLAIN):
            raise UserError(
                f"{origin}: parameter '{name}' is a {type(value).__name__}; it must be a number, a "
                "text, true, false or None"
            )
    return values


def _defaults(kind: "type[QueryMethod]") -> dict[str, object]:
    return kind.Parameters().model_dump()

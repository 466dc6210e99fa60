"""From a METHOD to the record of a query method, and from its files in a run to an object again."""

import hashlib
import inspect
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from benchmark.layout import spec_file
from benchmark.results import MethodRecord
from benchmark.submission.method_class import (
    as_query,
    as_start,
    builtin_class,
    instance,
    submitted_class,
)
from benchmark.submission.method_string import Method, display_name, method_id, written
from nnactive.errors import UserError
from nnactive.io.files import first_problem, read_model, replace_model, sha256, write_bytes
from nnactive.io.models import StateFile
from nnactive.io.queries import START
from nnactive.query.checkpoint import code_hash

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod, StartMethod
    from nnactive.methods.base import Method as AnyMethod

SCALARS = (bool, int, float, str, Decimal, type(None))
"""Types that a parameter may have."""


class MethodSpec(StateFile):
    """A method that passed the checks: its record, and where to find its class."""

    record: MethodRecord
    entry: str
    """Name of the built-in method, or of the class in the frozen copy of the file."""
    starts: bool = False
    """Whether it is a start method."""
    pair: "tuple[MethodSpec, MethodSpec] | None" = None
    """The start method, and the query method of the later loops, if this describes both."""


def describe(method: Method | str) -> MethodSpec:
    """Import a METHOD, check its class, make an object of it and describe it.

    This runs the author's code: callers that must survive it do so in another process.

    Raises:
        UserError: one line with file and cause if this isn't a query method that can run.
    """
    return make(Method.parse(method) if isinstance(method, str) else method)[0]


def make(method: Method) -> "tuple[MethodSpec, AnyMethod]":
    """The description that `describe` returns, and the object."""
    if method.file is None:
        kind = builtin_class(method.name)
        found = instance(kind, method.origin, method.parameters)
        record = _record(found, method, code_hash(kind))
    else:
        from benchmark.submission.requirements import check_installed

        requirements = method.requirements
        check_installed(method.string, requirements)
        kind = submitted_class(method.file, method.name)
        found = instance(kind, method.origin, method.parameters)
        record = _record(found, method, sha256(method.file))
        record = record.model_copy(update={"requirements": requirements})
    starts = not hasattr(found, "query")
    return MethodSpec(record=record, entry=method.name, starts=starts), found


def check_unchanged(spec: MethodSpec, requirements: tuple[str, ...], source: Path) -> None:
    """Refuse to continue a submission with requirements other than those it began with.

    Its id depends on the file alone, so its loops would come from different packages.

    Raises:
        UserError: lists both.
    """
    from benchmark.submission.requirements import MANIFEST

    before = spec.record.requirements
    if requirements != before:
        raise UserError(
            f"{source.parent / MANIFEST}: {spec.record.id} began with {_listed(before)} and now "
            f"needs {_listed(requirements)}; use another --runs folder, or change the file as well"
        )


def _listed(requirements: tuple[str, ...]) -> str:
    return ", ".join(requirements) or "no requirements"


def freeze(root: Path, spec: MethodSpec, source: Path | None) -> None:
    """Write a method's spec, and the copy of its file that every query runs, under ``root``.

    The spec includes the requirements, so ``submission.yaml`` isn't copied.

    Raises:
        UserError: if the file isn't the one that was checked, or began with other requirements.
    """
    path = root / spec_file(spec.record.id)
    if spec.pair:
        freeze(root, spec.pair[0], source)
        replace_model(path, spec)
        return
    if source is not None:
        if path.is_file():
            check_unchanged(read_model(path, MethodSpec), spec.record.requirements, source)
        content = source.read_bytes()
        if hashlib.sha256(content).hexdigest() != spec.record.source_hash:
            raise UserError(f"{source}: changed during the check; run the command again")
        write_bytes(_copy(path), content)
    replace_model(path, spec)


def load_method(path: Path) -> "QueryMethod":
    """Make the query method of a spec file, a submitted one from its frozen copy.

    Raises:
        UserError: if the copy was changed, this Python lacks what the method needs, or it is a
            start method.
    """
    spec = read_model(path, MethodSpec)
    return as_query(_load(path, spec.pair[1] if spec.pair else spec), spec.record.id)


def load_start(path: Path) -> "StartMethod":
    """Make the start method of a spec file, as `load_method` does a query method."""
    spec = read_model(path, MethodSpec)
    return as_start(_load(path, spec), spec.record.id)


def _load(path: Path, spec: MethodSpec) -> "AnyMethod":
    if spec.record.origin == "builtin":
        return instance(builtin_class(spec.entry), spec.entry, spec.record.parameters)
    copy = _copy(path)
    if not copy.is_file() or sha256(copy) != spec.record.source_hash:
        raise UserError(f"{copy}: differs from the submitted file; submit the method again")
    from benchmark.submission.requirements import check_installed

    way_out = "continue in an image that has it, as the run began"
    check_installed(spec.record.id, spec.record.requirements, way_out)
    found = instance(
        submitted_class(copy, spec.entry), f"{copy}:{spec.entry}", spec.record.parameters
    )
    if found.oracle is not spec.record.oracle:
        raise UserError(
            f"{copy}: `oracle` differs from the submitted value; make it a class constant"
        )
    return found


def _copy(spec: Path) -> Path:
    return spec.with_name(f"{spec.name.removesuffix('.json')}.py")


def _record(found: "AnyMethod", method: Method, source_hash: str) -> MethodRecord:
    base_id, origin = method.base_id, method.origin
    if base_id == START:
        raise UserError(f"{origin}: a method can't be named '{START}'")
    lines = (inspect.getdoc(type(found)) or "").splitlines()
    content = {
        "id": base_id,
        "name": found.name,
        "description": lines[0] if lines else "",
        "parameters": _values(found, origin),
        "source_hash": source_hash,
        "origin": "submission" if method.file else "builtin",
        "oracle": found.oracle,
        "reference": found.reference,
    }
    try:
        record = MethodRecord.model_validate(content)
        defaults = {**content, "parameters": type(found).Parameters().model_dump()}
        usual = MethodRecord.model_validate(defaults).parameters
    except ValidationError as error:
        raise UserError(f"{origin}: {first_problem(error)}") from None
    values = record.parameters.items()
    changed = {key: value for key, value in values if written(value) != written(usual[key])}
    named = {"id": method_id(base_id, changed), "name": display_name(record.name, changed)}
    return record.model_copy(update=named)


def _values(method: "AnyMethod", origin: str) -> dict[str, object]:
    """All parameters of a method with the values it uses."""
    if not type(method).Parameters.model_fields:
        return {}
    held = getattr(method, "parameters", None)
    if not isinstance(held, type(method).Parameters):
        raise UserError(
            f"{origin}: the class declares Parameters, so its constructor must begin with "
            "super().__init__(**parameters)"
        )
    values = held.model_dump()
    for name, value in values.items():
        if not isinstance(value, SCALARS):
            raise UserError(
                f"{origin}: parameter '{name}' is a {type(value).__name__}; it must be a number, a "
                "string, true, false or None"
            )
    return values

"""From a METHOD to the record of a query method, and from its files in a run to an object again."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from benchmark.layout import frozen_folder, spec_file
from benchmark.results import MethodRecord
from benchmark.submission.method_class import (
    as_query,
    as_start,
    builtin_class,
    docstring,
    instance,
    submitted_class,
)
from benchmark.submission.method_string import Method, display_name, method_id, written
from nnactive.errors import UserError
from nnactive.io.files import first_problem, read_model, replace_model, sha256
from nnactive.io.models import StateFile
from nnactive.io.queries import START
from nnactive.io.seals import seal
from nnactive.query.checkpoint import code_hash

if TYPE_CHECKING:
    from benchmark.submission.files.frozen import FrozenCopy
    from nnactive.methods import QueryMethod, StartMethod
    from nnactive.methods.base import Method as AnyMethod

SCALARS = (bool, int, float, str, Decimal, type(None))
"""Types that a parameter may have."""


class MethodSpec(StateFile):
    """A method that passed the checks: its record, and where to find its class."""

    record: MethodRecord
    entry: str
    """Name of the built-in method, or of the class in the frozen copy."""
    looks_back: bool = False
    """Whether its queries need the ensembles of all earlier loops."""
    needs_network: bool = True
    """Whether its queries need the ensemble of the loop before."""
    starts: bool = False
    """Whether it is a start method."""
    pair: "tuple[MethodSpec, MethodSpec] | None" = None
    """The start method, and the query method of the later loops, if this describes both."""

    @property
    def later(self) -> "MethodSpec":
        """The method that queries the later loops."""
        return self.pair[1] if self.pair else self


def describe(method: Method | str) -> MethodSpec:
    """Import a METHOD, check its class, make an object of it and describe it.

    This runs the author's code: callers that must survive it do so in another process.

    Raises:
        UserError: one line with file and cause if this isn't a query method that can run.
    """
    return make(Method.parse(method) if isinstance(method, str) else method)[0]


def make(method: Method) -> "tuple[MethodSpec, AnyMethod]":
    """The description that `describe` returns, and the object."""
    copy = method.copy
    if copy is None:
        kind = builtin_class(method.name)
        found = instance(kind, method.origin, method.parameters)
        record = _record(found, method, code_hash(kind))
    else:
        from benchmark.submission.requirements import check_installed

        requirements = copy.bundle.requirements
        check_installed(method.string, requirements)
        kind = submitted_class(copy, method.name)
        found = instance(kind, method.origin, method.parameters)
        record = _record(found, method, copy.bundle.digest)
        record = record.model_copy(update={"requirements": requirements})
    from nnactive.methods import QueryMethod
    from nnactive.query.prediction import Need

    if not isinstance(found, QueryMethod):
        return MethodSpec(record=record, entry=method.name, starts=True), found
    spec = MethodSpec(
        record=record,
        entry=method.name,
        looks_back=Need.HISTORY in found.needs,
        needs_network=bool(found.needs),
    )
    return spec, found


def freeze(root: Path, spec: MethodSpec, source: Path | None) -> None:
    """Write a method's spec, and the frozen copy that every query runs, under ``root``.

    Args:
        root: the track's folder.
        spec: describes the method.
        source: the copy that was checked, or the author's file or folder; None: a built-in method.

    Raises:
        UserError: if the submission isn't the one that was checked.
    """
    path = root / spec_file(spec.record.id)
    if spec.pair:
        freeze(root, spec.pair[0], source)
        _write(path, spec)
        return
    if source is not None:
        _keep(root, spec.record, source, spec.record.id)
    _write(path, spec)


def freeze_later(root: Path, spec: MethodSpec, source: Path) -> None:
    """Write the frozen copy of a pair's query method, where that is a submitted one.

    Args:
        root: the track's folder.
        spec: of the pair; `freeze` writes it.
        source: as for `freeze`, of the query method.

    Raises:
        UserError: if the submission isn't the one that was checked.
    """
    _keep(root, spec.later.record, source, spec.record.id)


def _keep(root: Path, record: MethodRecord, source: Path, name: str) -> None:
    """Freeze a submission under the id ``name``."""
    from benchmark.submission.files.find import find
    from benchmark.submission.files.frozen import RECORD, keep, read_copy, stage

    copy = read_copy(source) if (source / RECORD).is_file() else stage(find(source))
    if copy.bundle.digest != record.source_hash:
        raise UserError(f"{source}: changed during the check; run the command again")
    copy.check()
    keep(copy, root / frozen_folder(name), _files_there((root / spec_file(name)).parent))


def _write(path: Path, spec: MethodSpec) -> None:
    replace_model(path, spec)
    # Absolute: a step sees the file from inside the track's folder, whatever the run calls it.
    seal(path, path.absolute(), {})


def _files_there(methods: Path) -> dict[str, Path]:
    """Data files of the methods in a track's folder, by digest."""
    from benchmark.submission.files.frozen import RECORD, read_copy

    copies = [read_copy(each.parent) for each in sorted(methods.glob(f"*/{RECORD}"))]
    return {
        known.digest: copy.path(name)
        for copy in copies
        for name, known in copy.bundle.files.items()
        if not name.endswith(".py") and copy.path(name).is_file()
    }


def load_method(path: Path) -> "QueryMethod":
    """Make the query method of a spec file, a submitted one from its frozen copy.

    Raises:
        UserError: if the copy was changed, this Python lacks what the method needs, or it is a
            start method.
    """
    spec = read_model(path, MethodSpec)
    return as_query(_load(path, spec.later), spec.record.id)


def load_start(path: Path) -> "StartMethod":
    """Make the start method of a spec file, as `load_method` does a query method."""
    spec = read_model(path, MethodSpec)
    return as_start(_load(path, spec), spec.record.id)


def _load(path: Path, spec: MethodSpec) -> "AnyMethod":
    if spec.record.origin == "builtin":
        return instance(builtin_class(spec.entry), spec.entry, spec.record.parameters)
    copy = _copy_of(path, spec)
    from benchmark.submission.requirements import check_installed

    way_out = "continue in an image that has it, as the run began"
    check_installed(spec.record.id, spec.record.requirements, way_out)
    origin = f"{copy.shown}:{spec.entry}"
    found = instance(submitted_class(copy, spec.entry), origin, spec.record.parameters)
    if found.oracle is not spec.record.oracle:
        raise UserError(
            f"{copy.shown}: `oracle` differs from the submitted value; make it a class constant"
        )
    return found


def _copy_of(path: Path, spec: MethodSpec) -> "FrozenCopy":
    """The frozen copy beside a spec file, checked."""
    from benchmark.submission.files.find import alone
    from benchmark.submission.files.frozen import RECORD, read_copy, stage

    stem = path.name.removesuffix(".json")
    folder = path.with_name(stem)
    if (folder / RECORD).is_file():
        copy = read_copy(folder)
        if copy.bundle.digest != spec.record.source_hash:
            raise UserError(f"{folder}: differs from the submitted files; submit the method again")
        copy.check()
        return copy
    # Runs of earlier releases have a copy of the one file, known by its bytes.
    file = path.with_name(f"{stem}.py")
    if not file.is_file() or sha256(file) != spec.record.source_hash:
        raise UserError(f"{file}: differs from the submitted file; submit the method again")
    return stage(alone(file), judged=False)


def _record(found: "AnyMethod", method: Method, source_hash: str) -> MethodRecord:
    base_id, origin = method.base_id, method.origin
    if base_id == START:
        raise UserError(f"{origin}: a method can't be named '{START}'")
    lines = docstring(type(found)).splitlines()
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

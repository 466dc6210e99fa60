"""``submission.yaml``: the packages a submission needs beyond the benchmark's own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, ValidationError

from benchmark.submission.pins import Pin, installed, pin, unmet
from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.models import Frozen
from nnactive.io.yamls import read_yaml

MANIFEST: Final = "submission.yaml"
MOST: Final = 100
"""Largest number of requirements; more would not be a thin layer."""


def _pins(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("is not a list; write one line each: - name==version")
    if len(value) > MOST:
        raise ValueError(f"has {len(value):,} entries; at most {MOST} are allowed")
    found: dict[str, str] = {}
    for each in value:
        if not isinstance(each, str):
            raise ValueError(f"{each!r:.60} is not a string name==version")
        parsed = pin(each)
        if parsed.name in found:
            raise ValueError(f"duplicate package {parsed.name}: {found[parsed.name]} and {parsed}")
        found[parsed.name] = str(parsed)
    return tuple(found[name] for name in sorted(found))


class Manifest(Frozen):
    """The content of ``submission.yaml``."""

    requirements: Annotated[tuple[str, ...], BeforeValidator(_pins)]
    """Each ``name==version``, sorted."""
    file: str | None = None
    """The one file in the folder that needs them, so that methods beside it, which don't import
    these packages, run without them; None: all files in the folder need them."""


def read_manifest(source: Path) -> Manifest | None:
    """The manifest beside a submitted file; None if there is none that covers this file.

    Raises:
        UserError: if the manifest is wrong, whichever file it covers.
    """
    path = source.parent / MANIFEST
    if not path.exists() and not path.is_symlink():
        return None
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UserError(f"{path}: a pipe or a device, not a submission manifest; remove it")
    content = read_yaml(path, "submission manifest")
    try:
        found = Manifest.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
    if found.file is None:
        return found
    if Path(found.file).name != found.file or not (source.parent / found.file).is_file():
        raise UserError(f"{path}: field 'file': no {found.file!r} in this folder; fix the name")
    return found if found.file == source.name else None


def requirements_of(source: Path) -> tuple[str, ...]:
    """What a submitted file needs, each ``name==version``.

    Raises:
        UserError: if its manifest is wrong.
    """
    found = read_manifest(source)
    return found.requirements if found else ()


def together(sources: Sequence[Path]) -> tuple[str, ...]:
    """What several submitted files need in one image, each ``name==version``, sorted.

    Raises:
        UserError: if a manifest is wrong, or two of them pin different versions of a package.
    """
    by_name: dict[str, tuple[Pin, Path]] = {}
    for source in sources:
        for found in map(pin, requirements_of(source)):
            other, there = by_name.get(found.name, (found, source))
            if other.version != found.version:
                raise UserError(
                    f"{source.parent / MANIFEST}: {found}, but {there.parent / MANIFEST} has "
                    f"{other}; run these methods one after the other"
                )
            extras = tuple(sorted({*found.extras, *other.extras}))
            by_name[found.name] = (replace(found, extras=extras), source)
    return tuple(str(by_name[name][0]) for name in sorted(by_name))


def check_installed(origin: str, requirements: Sequence[str], way_out: str = "") -> None:
    """Refuse a method before its import unless this Python has what it needs.

    Args:
        origin: the METHOD, or the id of a method that is run already.
        requirements: each ``name==version``.
        way_out: what to do about it; by default, the command that runs it in an image.

    Raises:
        UserError: lists what is missing or has another version.
    """
    if not requirements:
        return
    there = installed()
    missing = [_with_ours(each, there) for each in unmet(tuple(map(pin, requirements)), there)]
    if not missing:
        return
    *more, last = missing
    which = f"{', '.join(more)} and {last}" if more else last
    verb = "aren't" if more else "isn't"
    way_out = way_out or f"run it in an image: make submit METHOD={origin} IMAGE=1"
    raise UserError(f"{origin}: needs {which}, which {verb} installed here; {way_out}")


def _with_ours(wanted: Pin, there: dict[str, str]) -> str:
    return f"{wanted} (here is {there[wanted.name]})" if wanted.name in there else str(wanted)

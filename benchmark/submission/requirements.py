"""``submission.yaml``: what a submission is, and needs beyond its file: packages, helpers, data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from pydantic import BeforeValidator, ValidationError

from benchmark.submission.about.fields import About
from benchmark.submission.intact import check_intact
from benchmark.submission.pins import Pin, installed, pin, unmet
from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.yamls import read_yaml

MANIFEST: Final = "submission.yaml"
MOST: Final = 100
"""Largest number of requirements; more would not be a thin layer."""
MOST_FILES: Final = 1000
"""Largest number of listed files."""


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


def _names(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("is not a list; write one line each: - helper.py")
    if len(value) > MOST_FILES:
        raise ValueError(f"has {len(value):,} entries; at most {MOST_FILES:,} are allowed")
    for each in value:
        if not isinstance(each, str) or not each:
            raise ValueError(f"{each!r:.60} is not the name of a file")
        path = PurePosixPath(each)
        if path.is_absolute() or ".." in path.parts or "\\" in each or str(path) != each:
            raise ValueError(
                f"{each!r:.60} is not a path below this folder, such as data/table.csv"
            )
        if value.count(each) > 1:
            raise ValueError(f"duplicate file {each!r:.60}")
    return tuple(sorted(value))


class Manifest(About):
    """The content of ``submission.yaml``."""

    requirements: Annotated[tuple[str, ...], BeforeValidator(_pins)] = ()
    """Each ``name==version``, sorted."""
    files: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    """Modules and data files that belong to the method, relative to this folder, sorted."""
    file: str | None = None
    """The one file in the folder that needs them, so that methods beside it, which don't import
    these packages, run without them; None: all files in the folder need them. Also the file with
    the class, if METHOD names the folder."""


def read_manifest(source: Path) -> Manifest | None:
    """The manifest beside a submitted file; None if there is none that covers this file.

    Raises:
        UserError: if the manifest is wrong, whichever file it covers.
    """
    found = manifest_in(source.parent)
    return found if found and found.file in {None, source.name} else None


def manifest_in(folder: Path) -> Manifest | None:
    """The manifest in a folder; None if there is none.

    Raises:
        UserError: if it is wrong.
    """
    path = folder / MANIFEST
    if not path.exists() and not path.is_symlink():
        return None
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UserError(f"{path}: a pipe or a device, not a submission manifest; remove it")
    content = read_yaml(path, "submission manifest")
    try:
        found = Manifest.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
    name = found.file
    if name is not None and (Path(name).name != name or not (folder / name).is_file()):
        raise UserError(f"{path}: field 'file': no {name!r} in this folder; fix the name")
    return found


def together(needed: Mapping[Path, Sequence[str]]) -> tuple[str, ...]:
    """What several submissions need in one image, each ``name==version``, sorted.

    Args:
        needed: the requirements of each submitted file or folder.

    Raises:
        UserError: if two of them pin different versions of a package.
    """
    by_name: dict[str, tuple[Pin, Path]] = {}
    for source, requirements in needed.items():
        for found in map(pin, requirements):
            other, there = by_name.get(found.name, (found, source))
            if other.version != found.version:
                raise UserError(
                    f"{_manifest_of(source)}: {found}, but {_manifest_of(there)} has "
                    f"{other}; run these methods one after the other"
                )
            extras = tuple(sorted({*found.extras, *other.extras}))
            by_name[found.name] = (replace(found, extras=extras), source)
    return tuple(str(by_name[name][0]) for name in sorted(by_name))


def _manifest_of(source: Path) -> Path:
    return (source if source.is_dir() else source.parent) / MANIFEST


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
    for each in map(pin, requirements):
        check_intact(origin, each.name)
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

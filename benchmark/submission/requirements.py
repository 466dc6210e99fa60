"""``submission.yaml``: what a submission needs beyond the benchmark's own packages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, ValidationError

from benchmark.submission.pins import Pin, pin
from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.yamls import read_yaml
from nnactive.settings import Frozen

SHEET: Final = "submission.yaml"
MOST: Final = 100
"""Requirements of a submission; more is no thin layer."""


def _pins(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError("isn't a list; write a line each: - name==version")
    if len(value) > MOST:
        raise ValueError(f"has {len(value):,} entries; {MOST} is the most")
    found: dict[str, str] = {}
    for each in value:
        if not isinstance(each, str):
            raise ValueError(f"{each!r:.60} isn't a text name==version")
        parsed = pin(each)
        if parsed.name in found:
            raise ValueError(f"{parsed.name} is given twice: {found[parsed.name]} and {parsed}")
        found[parsed.name] = str(parsed)
    return tuple(found[name] for name in sorted(found))


class SubmissionSheet(Frozen):
    """The content of ``submission.yaml``."""

    requirements: Annotated[tuple[str, ...], BeforeValidator(_pins)]
    """Each ``name==version``, sorted."""
    file: str | None = None
    """Name of the one file in the folder that needs them, as other methods may lie beside it and
    must not be asked for what they don't import; None: all files in the folder need them."""


def sheet_of(source: Path) -> SubmissionSheet | None:
    """What the sheet beside a METHOD's file says of it; None where there is none for it.

    Raises:
        UserError: a sheet that can't be used, whichever file it is for.
    """
    path = source.parent / SHEET
    if not path.exists() and not path.is_symlink():
        return None
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UserError(f"{path}: a pipe or a device, not a submission sheet; remove it")
    content = read_yaml(path, "submission sheet")
    try:
        found = SubmissionSheet.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
    if found.file is None:
        return found
    if Path(found.file).name != found.file or not (source.parent / found.file).is_file():
        raise UserError(f"{path}: field 'file': no {found.file!r} beside it; mend the name")
    return found if found.file == source.name else None


def requirements_of(source: Path) -> tuple[str, ...]:
    """What a METHOD's file needs, each ``name==version``; a ``UserError`` if its sheet is wrong."""
    found = sheet_of(source)
    return found.requirements if found else ()


def together(sources: Sequence[Path]) -> tuple[str, ...]:
    """What several METHODs' files need in one image.

    Raises:
        UserError: if two of them pin different versions of one package.
    """
    by_name: dict[str, tuple[Pin, Path]] = {}
    for source in sources:
        for found in map(pin, requirements_of(source)):
            other, there = by_name.get(found.name, (found, source))
            if other.version != found.version:
                raise UserError(
                    f"{source.parent / SHEET}: {found}, but {there.parent / SHEET} has {other}; "
                    "run these methods one after the other"
                )
            extras = tuple(sorted({*found.extras, *other.extras}))
            by_name[found.name] = (found._replace(extras=extras), source)
    return tuple(str(by_name[name][0]) for name in sorted(by_name))

"""Atomic files and folders: under a final name there is a whole thing or nothing."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from nnactive.errors import UserError

Model = TypeVar("Model", bound=BaseModel)
DRAFT = re.compile(r"^\..+\.[a-z0-9_]{8}$")
"""Names of unfinished files and folders, as ``tempfile`` makes them."""


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_text(path: Path, content: str) -> None:
    """Replace ``path`` by UTF-8 text in one step."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Replace ``path`` by JSON in one step; keys keep their order."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def write_model(path: Path, model: BaseModel) -> None:
    """Replace ``path`` by a model's JSON in one step."""
    write_text(path, model.model_dump_json(indent=1) + "\n")


def read_json(path: Path, way_out: str = "remove it and run again") -> Any:
    """JSON content of ``path``; a missing or broken file is a ``UserError``.

    ``way_out`` is for a broken one, which may be the user's own work.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid JSON ({error}); {way_out}") from None
    except _TwiceError as error:
        raise UserError(f"{path}: the key {error} stands there twice; {way_out}") from None


class _TwiceError(Exception):
    """A key of JSON of which one value would be lost."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(json.dumps(next(name for name in names if names.count(name) > 1)))
    return content


def read_model(path: Path, kind: type[Model]) -> Model:
    """Model stored in ``path``; what doesn't fit is a ``UserError`` that names the field."""
    content = read_json(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """First complaint of a validation error in one line: field, cause."""
    detail = error.errors()[0]
    field = ".".join(str(part) for part in detail["loc"]) or "content"
    # Our own words stand in "ctx"; the message has pydantic's "Value error, " before them.
    cause = detail["ctx"]["error"] if detail["type"] == "value_error" else detail["msg"]
    return f"field '{field}': {cause}"


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Folder to fill, which takes the name ``path`` only when the block ends without an error.

    A folder that is there already is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        draft.chmod(0o755)
        yield draft
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            path.rename(old / path.name)
            draft.rename(path)
            shutil.rmtree(old)
        else:
            draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """File name to write to (same suffix), moved to ``path`` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        draft = folder / path.name
        yield draft
        draft.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def link(target: Path, name: Path) -> None:
    """Relative symbolic link ``name`` to ``target``'s real file, so that a tree can be moved."""
    name.symlink_to(os.path.relpath(target.resolve(), name.parent.resolve()))


def is_link_to(target: Path, name: Path) -> bool:
    """Whether ``name`` is the link that `link` makes."""
    place = os.path.relpath(target.resolve(), name.parent.resolve())
    return name.is_symlink() and str(name.readlink()) == place


def relink(target: Path, name: Path) -> None:
    """Replace ``name`` by a link to ``target``, in one step."""
    draft = name.with_name(f".{name.name}.new")
    draft.unlink(missing_ok=True)
    link(target, draft)
    draft.replace(name)


def sweep(folder: Path) -> None:
    """Remove what killed processes left behind while they wrote below a folder.

    Only for a folder in which nobody writes now.
    """
    for path in [path for path in folder.rglob(".*") if DRAFT.search(path.name)]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def file_sizes(folder: Path) -> list[int]:
    """Bytes of each file below a folder; of those that vanish meanwhile, nothing is said."""
    sizes = []
    for inner, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                sizes.append(Path(inner, name).stat().st_size)
    return sizes


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

"""Atomic files and folders: what has its final name is complete."""

import hashlib
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from nnactive.errors import UserError
from nnactive.io.models import NewerFileError, fields_of, file_text

Model = TypeVar("Model", bound=BaseModel)
ANEW = "remove it and run again"
"""A way out for a broken file that is made again."""
TRIED = re.compile(r"constrained-[a-z]+|[a-z-]+\[.*\]")
"""What pydantic calls a type."""
PLAIN = {"extra_forbidden": "unknown field", "missing": "missing"}
"""Kinds of problem in words that need no knowledge of pydantic."""
DRAFT = re.compile(r"^\..+\.[a-z0-9_]{8}$")
"""Names of unfinished files and folders, as ``tempfile`` makes them."""


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step; a missing folder is created."""
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
    """Replace ``path`` by a model's JSON in one step; that of a `StateFile` has its version."""
    write_text(path, file_text(model))


def read_json(path: Path, way_out: str = ANEW) -> Any:
    """JSON content of ``path``.

    Args:
        path: the file.
        way_out: what to do about a broken file, which the user may have written.

    Raises:
        UserError: if the file is missing, is not JSON, or has a duplicate key.
    """
    try:
        # Some editors begin a file with a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path}: a folder, not a file; {way_out}") from None
    except UnicodeDecodeError as error:
        cause = f"byte {error.start} isn't UTF-8, as JSON must be"
        raise UserError(f"{path}: not valid JSON ({cause}); {way_out}") from None
    except (ValueError, RecursionError) as error:
        told = str(error)
        if isinstance(error, RecursionError):
            told = "nested too deeply"
        elif not isinstance(error, json.JSONDecodeError):
            told = "a number with too many digits"
        cause = told if text.strip() else "the file is empty"
        raise UserError(f"{path}: not valid JSON ({cause}); {way_out}") from None
    except _DuplicateKeyError as error:
        raise UserError(f"{path}: duplicate key {error}; {way_out}") from None


class _DuplicateKeyError(Exception):
    """A duplicate key in JSON, of which a parser keeps one value."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(json.dumps(next(name for name in names if names.count(name) > 1)))
    return content


def replace_model(path: Path, model: BaseModel) -> None:
    """Replace ``path`` as `write_model` does, whatever an earlier run left there.

    The same content is left alone: another process may be reading it on another machine.

    Raises:
        NewerFileError: if a newer release wrote the file.
    """
    try:
        read_model(path, type(model))
        if path.read_text(encoding="utf-8") == file_text(model):
            return
    except NewerFileError:
        raise
    except UserError:  # missing, or of a run whose plan this release no longer understands
        pass
    write_model(path, model)


def read_model(path: Path, kind: type[Model], way_out: str = ANEW) -> Model:
    """The model stored in ``path``.

    Args:
        path: the file.
        kind: of the model.
        way_out: from a file that is no JSON.

    Raises:
        NewerFileError: if a newer release wrote the file.
        UserError: if the file is missing, or broken; names the field.
    """
    content = read_json(path, way_out)
    try:
        return kind.model_validate(fields_of(kind, content))
    except NewerFileError as error:
        raise NewerFileError(f"{path}: {error}") from None
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """The first problem that a validation error reports, in one line: field, cause."""
    detail = error.errors()[0]
    # Of a field of several types, pydantic appends the type that it tried.
    parts = [str(part) for part in detail["loc"]]
    field = ".".join(part for part in parts if not TRIED.fullmatch(part)) or "content"
    # "ctx" has our own message; "msg" puts pydantic's "Value error, " before it.
    cause = detail["ctx"]["error"] if detail["type"] == "value_error" else detail["msg"]
    cause = PLAIN.get(detail["type"], cause)
    return f"field '{field}': {cause}"


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, renamed to ``path`` when the block ends without an error.

    An existing folder is replaced.
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
    """A file to write (with the same suffix), renamed to ``path`` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        draft = folder / path.name
        yield draft
        draft.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def link(target: Path, name: Path) -> None:
    """Make ``name`` a relative link to ``target``'s real file, so that the tree can be moved."""
    name.symlink_to(os.path.relpath(target.resolve(), name.parent.resolve()))


def is_link_to(target: Path, name: Path) -> bool:
    """Whether ``name`` is the link that `link` would make."""
    place = os.path.relpath(target.resolve(), name.parent.resolve())
    return name.is_symlink() and str(name.readlink()) == place


def relink(target: Path, name: Path) -> None:
    """Replace ``name`` by a link to ``target`` in one step."""
    draft = name.with_name(f".{name.name}.{uuid.uuid4().hex[:8]}")
    link(target, draft)
    draft.replace(name)


def sweep(folder: Path) -> None:
    """Remove unfinished files and folders that killed processes left below a folder.

    Only for a folder that no other process is writing to.
    """
    for path in [path for path in folder.rglob(".*") if DRAFT.search(path.name)]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def file_sizes(folder: Path) -> list[int]:
    """Bytes of each file below a folder; files that vanish meanwhile are left out."""
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

"""A file with companions in a folder beside it: ``page.html`` and ``page_files/``."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from nnactive.errors import UserError
from nnactive.io.files import read_model, write_bytes, write_model
from nnactive.io.models import StateFile

MANIFEST: Final = "manifest.json"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(js|png)")
"""Names of companions; nothing else in the folder is ever touched."""


class Companions(StateFile):
    """The companions that a folder holds."""

    files: tuple[str, ...]


def folder_of(path: Path) -> Path:
    """The folder beside a file in which its companions are.

    >>> folder_of(Path("site/index.html")).name
    'index_files'
    """
    return path.with_name(f"{path.stem}_files")


def written(folder: Path) -> tuple[str, ...]:
    """Names of the companions in a folder, by its manifest; none where it has no valid one."""
    try:
        names = read_model(folder / MANIFEST, Companions).files
    except (UserError, OSError):
        return ()
    return tuple(name for name in names if NAME.fullmatch(name))


def write_with_companions(path: Path, content: bytes, companions: Mapping[str, bytes]) -> None:
    """Write a file and its companions, and remove those that an earlier one had.

    Whenever this is interrupted, the file that is there has all of its companions, as long as a
    companion's name changes with its content. A folder of which nothing is left is removed.

    Args:
        path: of the file.
        content: its bytes.
        companions: bytes by name.

    Raises:
        ValueError: A name is not one of a companion.
        UserError: The folder's place is taken.
    """
    folder = folder_of(path)
    if wrong := [name for name in companions if not NAME.fullmatch(name)]:
        raise ValueError(f"{wrong[0]} is no name of a companion")
    if companions and folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: in the way of a folder; move it away")
    former = written(folder)
    if companions:
        _note(folder, {*former, *companions})
    for name, own in companions.items():
        if name not in former or not _has(folder / name, own):
            write_bytes(folder / name, own)
    write_bytes(path, content)
    for name in set(former) - set(companions):
        (folder / name).unlink(missing_ok=True)
    if companions:
        _note(folder, companions)
    elif former:
        (folder / MANIFEST).unlink(missing_ok=True)
        with suppress(OSError):  # there are other files in it
            folder.rmdir()


def _note(folder: Path, names: Iterable[str]) -> None:
    write_model(folder / MANIFEST, Companions(files=tuple(sorted(names))))


def _has(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content

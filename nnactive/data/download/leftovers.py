"""What lies in a download's folder: unfinished work of earlier calls, and what isn't its own."""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from nnactive.data.download.folders import Folders, Item
from nnactive.io.files import file_sizes
from nnactive.io.formatting import size

DRAFT = re.compile(r"\.(?P<name>.+?)\.([0-9]+\.)?part(\.json|\w+\.part)?")
"""A file or folder while it is fetched, and what its client keeps beside it."""
NAMED = 3
"""Foreign files that a message names; the largest."""


def drafts_of(place: Path) -> list[Path]:
    """Everything that belongs to the unfinished transfer of the file or folder ``place``."""
    return [path for path, name in _drafts(place.parent) if name == place.name]


def remove(items: Sequence[Item], folders: Folders) -> None:
    """Remove what earlier calls left that no call can go on with.

    That is an interrupted unpacking, and drafts of files that are there by now or that the card
    no longer has.
    """
    for folder in unpackings(folders):
        shutil.rmtree(folder)
    wanted = {folders.archives / item.path for item in items}
    for folder in {folders.archives} | {place.parent for place in wanted}:
        for path, name in list(_drafts(folder)):
            place = folder / name
            known = place in wanted or not path.with_name(f"{path.name}.json").is_file()
            if place.exists() or not known:
                remove_drafts([path, path.with_name(f"{path.name}.json")])


def remove_drafts(paths: Sequence[Path]) -> None:
    """Remove files and folders, if they are there."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def unpackings(folders: Folders) -> list[Path]:
    """Folders that an interrupted unpacking has left."""
    return [folder for folder in (folders.draft, folders.old) if folder.exists()]


def foreign(items: Sequence[Item], folders: Folders) -> str:
    """Names the files beside the archives that are no part of the download; empty: none."""
    own = {folders.archives / item.path for item in items}
    found = [
        (path.stat().st_size, path)
        for path in sorted(folders.archives.rglob("*"))
        if path.is_file()
        and not own.intersection((path, *path.parents))
        and not DRAFT.fullmatch(path.name)
    ]
    if not found:
        return ""
    largest = sorted(found, key=lambda one: one[0], reverse=True)[:NAMED]
    names = ", ".join(f"{path.relative_to(folders.root)} ({size(n)})" for n, path in largest)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{names}{more} there {'is' if len(found) == 1 else 'are'} no part of this download"


def size_there(items: Sequence[Item], folders: Folders) -> int:
    """Bytes of the download's own files that are fetched, drafts included."""
    places = [folders.archives / item.path for item in items]
    there = [path for place in places for path in (place, *drafts_of(place)) if path.exists()]
    return sum(sum(file_sizes(path)) if path.is_dir() else path.stat().st_size for path in there)


def _drafts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Drafts in a folder, with the name that each would get."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if match := DRAFT.fullmatch(path.name):
            yield path, match["name"]

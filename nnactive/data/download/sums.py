"""Checksums: the published ones, and those of the first download where none are published."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from nnactive.data.download.folders import Folders, Item
from nnactive.io.files import read_model, write_model
from nnactive.io.state_file import StateFile
from nnactive.settings import Frozen

BLOCK = 1 << 20


class Sum(Frozen):
    """What is remembered of a file that was read once and found right."""

    bytes: Annotated[int, Field(ge=0)]
    modified: int
    """Time stamp in ns; a file with the same size and stamp is not read again."""
    sha256: str
    md5: str


class Sums(StateFile):
    """By path below the folder of archives."""

    files: dict[str, Sum] = Field(default={})


def remembered(folders: Folders) -> dict[str, Sum]:
    """Sums of the files that were found right before."""
    return dict(read_model(folders.sums, Sums).files) if folders.sums.exists() else {}


def remember(folders: Folders, new: dict[str, Sum]) -> None:
    """Add to the sums that are kept."""
    write_model(folders.sums, Sums(files=remembered(folders) | new))


def forget(folders: Folders, name: str) -> None:
    """Drop what is kept of a file that turned out to be of no use."""
    left = {key: one for key, one in remembered(folders).items() if key != name}
    write_model(folders.sums, Sums(files=left))


def members(place: Path, path: PurePosixPath) -> Iterator[tuple[str, Path]]:
    """Files of an item with their names in the sums: itself, or all in a folder."""
    if not place.is_dir():
        yield str(path), place
        return
    for file in sorted(place.rglob("*")):
        if file.is_file():
            yield str(path / file.relative_to(place).as_posix()), file


def is_unchanged(path: Path, known: Sum) -> bool:
    """Whether a file has size and time stamp of when it was read."""
    stat = path.stat()
    return stat.st_size == known.bytes and stat.st_mtime_ns == known.modified


def measure(path: Path, amount: Callable[[int, int | None], None]) -> Sum:
    """Read a file once, for its sums."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    stat, done = path.stat(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            md5.update(block)
            done += len(block)
            amount(done, stat.st_size)
    return Sum(
        bytes=done, modified=stat.st_mtime_ns, sha256=sha256.hexdigest(), md5=md5.hexdigest()
    )


def problem(found: Sum, item: Item, first: Sum | None) -> str | None:
    """Why a file is not the one that the card describes, or not the one of before; None: it is."""
    file = item.file
    if file.bytes is not None and found.bytes != file.bytes:
        return f"has {found.bytes:,} bytes, published are {file.bytes:,}"
    for kind, published in (("sha256", file.sha256), ("md5", file.md5)):
        if published and getattr(found, kind) != published:
            return f"{kind} is {getattr(found, kind)}, published is {published}"
    if first and not is_published(item) and found.sha256 != first.sha256:
        return (
            f"sha256 is {found.sha256}, the first download's was {first.sha256} (if the publisher "
            f"has changed it, remove its entry from sums.json)"
        )
    return None


def is_published(item: Item) -> bool:
    """Whether the card has a checksum of the file."""
    return bool(item.file.sha256 or item.file.md5)


def unreadable(path: Path, name: str) -> str | None:
    """Why a file is of no use: empty, or a gzip file that can't be read to its end."""
    if path.stat().st_size == 0:
        return "is empty"
    if not name.endswith(".gz"):
        return None
    try:
        with gzip.open(path) as file:
            while file.read(BLOCK):
                pass
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return f"is no whole gzip file ({error})"
    return None

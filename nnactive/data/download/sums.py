"""Checksums: the published ones, or else those of the first download."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from nnactive.data.download.folders import Folders, Item
from nnactive.data.progress import Amount
from nnactive.io.files import read_model, write_model
from nnactive.io.models import Frozen, StateFile

BLOCK = 1 << 20
PAGE_HEAD = 1 << 14
"""Bytes in which a web page's title is looked for."""
TITLE = 60
"""Characters of it that are shown."""


class Sum(Frozen):
    """What is remembered of a file that was read and found right."""

    bytes: Annotated[int, Field(ge=0)]
    modified: int
    """Time stamp in ns; a file with the same size and time stamp is not read again."""
    sha256: str
    md5: str


class Sums(StateFile):
    """Content of ``sums.json``: checksums by path below the folder of archives."""

    files: dict[str, Sum] = Field(default={})


def remembered(folders: Folders) -> dict[str, Sum]:
    """Checksums of the files that were found right before."""
    return dict(read_model(folders.sums, Sums).files) if folders.sums.exists() else {}


def remember(folders: Folders, new: dict[str, Sum]) -> None:
    """Add to the remembered checksums."""
    write_model(folders.sums, Sums(files=remembered(folders) | new))


def forget(folders: Folders, name: str) -> None:
    """Drop the checksum of a file that turned out to be unusable."""
    left = {key: one for key, one in remembered(folders).items() if key != name}
    write_model(folders.sums, Sums(files=left))


def members(place: Path, path: PurePosixPath) -> Iterator[tuple[str, Path]]:
    """Files of an item with their names in ``Sums``: the item itself, or all in its folder."""
    if not place.is_dir():
        yield str(path), place
        return
    for file in sorted(place.rglob("*")):
        if file.is_file():
            yield str(path / file.relative_to(place).as_posix()), file


def is_unchanged(path: Path, known: Sum) -> bool:
    """Whether a file has the same size and time stamp as when it was read."""
    stat = path.stat()
    return stat.st_size == known.bytes and stat.st_mtime_ns == known.modified


def measure(path: Path, amount: Amount) -> Sum:
    """Read a file once and compute its checksums."""
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
    """Why a file is not the card's, or not that of the first download; None: it is."""
    file = item.file
    if file.bytes is not None and found.bytes != file.bytes:
        return f"has {found.bytes:,} bytes instead of the published {file.bytes:,}"
    for kind, published in (("sha256", file.sha256), ("md5", file.md5)):
        if published and getattr(found, kind) != published:
            return f"{kind} is {getattr(found, kind)} instead of the published {published}"
    if first and not is_published(item) and found.sha256 != first.sha256:
        return (
            f"sha256 is {found.sha256} instead of the first download's {first.sha256} (if the "
            "publisher has changed the file, remove its entry from sums.json)"
        )
    return None


def is_published(item: Item) -> bool:
    """Whether the card has a checksum for the file."""
    return bool(item.file.sha256 or item.file.md5)


def web_page(path: Path) -> str | None:
    """Says that a file is a web page, such as one to log in; None: it isn't."""
    with path.open("rb") as file:
        begin = file.read(PAGE_HEAD).decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if not re.match(r"<(!doctype html|html|head)\b", begin, re.IGNORECASE):
        return None
    title = re.search(r"<title[^>]*>(.+?)</title>", begin, re.IGNORECASE | re.DOTALL)
    name = f" ('{' '.join(title[1].split())[:TITLE]}')" if title else ""
    return (
        f"is a web page{name}, not the file; its source may require a login, or its quota may be "
        "used up"
    )


def unreadable(path: Path, name: str) -> str | None:
    """Why a file is unusable: empty, or a damaged gzip file; None: it is fine."""
    if path.stat().st_size == 0:
        return "is empty"
    if not name.endswith(".gz"):
        return None
    try:
        with gzip.open(path) as file:
            while file.read(BLOCK):
                pass
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return f"is not an intact gzip file ({error})"
    return None

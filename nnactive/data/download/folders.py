"""Where a dataset's raw data lie, and which files a card's download consists of."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nnactive.data.card_fields import Download, File
from nnactive.errors import UserError
from nnactive.io.locks import exclusive_lock

ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz))$")


@dataclass(frozen=True)
class Folders:
    """The raw data of one dataset below ``DATA/raw/NAME``."""

    root: Path

    @classmethod
    def of(cls, data: Path, name: str) -> "Folders":
        """Those of the dataset ``name`` in the data folder."""
        return cls(data / "raw" / name)

    @property
    def archives(self) -> Path:
        """Files as they were downloaded, or put there by the user."""
        return self.root / "archives"

    @property
    def files(self) -> Path:
        """Unpacked files; it is there only when they are whole."""
        return self.root / "files"

    @property
    def consent(self) -> Path:
        """Which licence the user has accepted."""
        return self.root / "consent.json"

    @property
    def sums(self) -> Path:
        """Sizes and checksums of the first download."""
        return self.root / "sums.json"

    @property
    def unpacked(self) -> Path:
        """From which archives ``files`` was made."""
        return self.root / "unpacked.json"


@dataclass(frozen=True)
class Item:
    """One file of a download, or one folder (Synapse).

    ``path`` is relative to the folder of archives; ``file`` says where it comes from.
    """

    path: PurePosixPath
    file: File
    unpack: bool


def list_items(download: Download) -> tuple[Item, ...]:
    """All files of a download in the card's order.

    A series gives one for each number; of several series, the first files come first, so that
    what belongs to one case is fetched together, and each file counts as much as the next.
    """
    items = [
        Item(inner_path(file.name), file, download.unpack and bool(ARCHIVE.search(file.name)))
        for file in download.files
    ]
    for number in range(max((series.count for series in download.series), default=0)):
        for series in download.series:
            if number >= series.count:
                continue
            path = inner_path(series.name.format(number))
            file = File(name=path.name, urls=(series.url.format(number),))
            items.append(Item(path, file, unpack=False))
    return tuple(items)


def inner_path(name: str) -> PurePosixPath:
    """A relative path that stays inside the folder it is put in.

    Raises:
        ValueError: an absolute path, one with ``..``, or with a character that no path has.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\\0]", name):
        raise ValueError(name)
    return path


@contextmanager
def locked(folders: Folders) -> Iterator[None]:
    """Keep a second download of the same dataset out while the block runs."""
    folders.archives.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(folders.root / ".lock") as held:
        if not held:
            raise UserError(
                f"{folders.root}: another download of this dataset is at work; wait for it"
            )
        yield

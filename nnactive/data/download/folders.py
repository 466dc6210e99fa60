"""The folders of a dataset's raw data, and the files that its download consists of."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nnactive.data.card_fields import Download, File
from nnactive.data.cards import RAW
from nnactive.errors import UserError
from nnactive.io.leases import lease

ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz))$")


@dataclass(frozen=True)
class Folders:
    """Folders and files of one dataset's raw data, below ``DATA/raw/NAME``."""

    root: Path

    @classmethod
    def of(cls, data: Path, name: str) -> "Folders":
        """The folders of the dataset ``name`` in the data folder."""
        return cls(data / RAW / name)

    @property
    def archives(self) -> Path:
        """Files as downloaded, or as put there by the user."""
        return self.root / "archives"

    @property
    def files(self) -> Path:
        """Unpacked files; exists only if they are complete."""
        return self.root / "files"

    @property
    def draft(self) -> Path:
        """Files while they are unpacked."""
        return self.root / ".files.part"

    @property
    def old(self) -> Path:
        """Earlier files while they are replaced."""
        return self.root / ".files.old"

    @property
    def consent(self) -> Path:
        """The licence that the user has accepted."""
        return self.root / "consent.json"

    @property
    def sums(self) -> Path:
        """Sizes and checksums of the first download."""
        return self.root / "sums.json"

    @property
    def unpacked(self) -> Path:
        """The archives that ``files`` was made from."""
        return self.root / "unpacked.json"


@dataclass(frozen=True)
class Item:
    """One file of a download, or one folder (Synapse).

    ``path`` is relative to the folder of archives; ``file`` has its source.
    """

    path: PurePosixPath
    file: File
    unpack: bool


def list_items(download: Download) -> tuple[Item, ...]:
    """List all files of a download, in the card's order.

    A series has one file per number. Several series are interleaved, so that the files of a case
    are fetched together.
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
    """Check that ``name`` is a relative path that stays inside its folder.

    Raises:
        ValueError: an absolute path, or one with ``..`` or a forbidden character.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\\0]", name):
        raise ValueError(name)
    return path


@contextmanager
def locked(folders: Folders) -> Iterator[None]:
    """Keep out a second download of the same dataset while the block runs."""
    folders.archives.mkdir(parents=True, exist_ok=True)
    with lease(folders.root / ".lease", watch=True) as held:
        if not held:
            raise UserError(
                f"{folders.root}: another download of this dataset is running; wait for it"
            )
        yield

"""Downloading a dataset's raw data to ``DATA/raw/NAME/files``, completely or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nnactive.data import disk
from nnactive.data.card_fields import Download
from nnactive.data.cards import Card
from nnactive.data.download import consent, leftovers, sums, unpacked
from nnactive.data.download.folders import Folders, Item, list_items, locked
from nnactive.data.download.items import fetch_item, is_verified
from nnactive.data.progress import FileReport, Report
from nnactive.errors import FULL, UserError
from nnactive.io.files import file_sizes

GIB = 1 << 30
State = Literal["absent", "partial", "complete"]


@dataclass(frozen=True)
class Outcome:
    """Result of a download; ``bytes`` and ``archives`` count what was downloaded."""

    folder: Path
    archives: int
    bytes: int
    files: int
    published: bool
    """Whether all checksums have been published."""
    before: bool
    """Whether everything was already there."""


@dataclass(frozen=True)
class Space:
    """Disk space in bytes; ``needed`` is None if no size is published."""

    needed: int | None
    free: int


def download(card: Card, folders: Folders, report: Report) -> Outcome:
    """Fetch, check and unpack a dataset; resumes an earlier call that was interrupted.

    Args:
        card: the dataset's card.
        folders: where its raw data go.
        report: receives the progress.

    Returns:
        What is there now.

    Raises:
        UserError: no consent to the licence, no download in the card, too little disk space, a
            login that is needed (``StepsNeededError``), or a damaged or unsafe archive.
        TransferError: no source has the right file.
    """
    wanted = _download_of(card)
    consent.require(card, folders)
    items = list_items(wanted)
    with locked(folders):
        if state(card, folders) == "complete":
            return _outcome(items, folders, before=True)
        leftovers.remove(items, folders)
        with _room_errors(items, folders):
            need = space(card, folders)
            if need.needed is not None:
                way_out = "free up some space or choose another folder with --data"
                disk.require(folders.root, need.needed, need.free, "needs about", way_out)
            for number, item in enumerate(items, 1):
                file_report = FileReport(report, str(item.path), number, len(items))
                fetch_item(item, folders, wanted.login, file_report)
            unpacked.unpack_all(items, folders, report)
    return _outcome(items, folders, before=False)


def state(card: Card, folders: Folders) -> State:
    """How much of the raw data is there; reads names, sizes and time stamps only."""
    if card.download is None or not folders.root.is_dir():
        return "absent"
    known = sums.remembered(folders)
    items = list_items(card.download)
    if unpacked.is_complete(folders, known) and all(
        is_verified(item, folders, known, gone=True) for item in items
    ):
        return "complete"
    begun = folders.archives.is_dir() and any(folders.archives.iterdir())
    return "partial" if begun or folders.files.is_dir() else "absent"


def space(card: Card, folders: Folders) -> Space:
    """Disk space that the rest of a download takes: archives and unpacked files."""
    wanted = _download_of(card)
    items = list_items(wanted)
    # The next call removes what an interrupted unpacking has left before it needs space.
    left = sum(sum(file_sizes(folder)) for folder in leftovers.unpackings(folders))
    free = disk.free(folders.root) + left
    sizes = [item.file.bytes for item in items if item.file.bytes]
    if len(sizes) == len(items):
        total = sum(sizes)
    elif wanted.size_gib:
        total = round(wanted.size_gib * GIB)
    else:
        return Space(None, free)
    there = leftovers.size_there(items, folders)
    files = total if any(item.unpack for item in items) else 0
    return Space(max(total - there, 0) + files, free)


@contextmanager
def _room_errors(items: tuple[Item, ...], folders: Folders) -> Iterator[None]:
    """Turn a full disk into one line, which also names the files that only the user may remove.

    Raises:
        NoRoomError: the disk is full, or too full.
    """
    try:
        yield
    except disk.NoRoomError as error:
        cause = str(error)
    except OSError as error:
        if error.errno not in FULL:
            raise
        cause = (
            f"{folders.root}: the disk is full; the download so far is kept; free up some space "
            "and run the same command again"
        )
    else:
        return
    others = leftovers.foreign(items, folders)
    raise disk.NoRoomError(f"{cause} ({others})" if others else cause)


def _download_of(card: Card) -> Download:
    if card.download is not None:
        return card.download
    way = f"run nnactive-bench data prepare {card.name}"
    if card.generator is not None:
        raise UserError(f"{card.name}: generated on this machine, nothing to download; {way}")
    raise UserError(f"{card.name}: its card has no download; {way} --raw FOLDER")


def _outcome(items: tuple[Item, ...], folders: Folders, *, before: bool) -> Outcome:
    known = sums.remembered(folders)
    return Outcome(
        folder=folders.files,
        archives=len(known),
        bytes=sum(one.bytes for one in known.values()),
        files=unpacked.count_files(folders),
        published=all(sums.is_published(item) for item in items),
        before=before,
    )

"""The folder of unpacked files: rebuilt from all archives, completely or not at all."""

import os
import shutil
from pathlib import Path

from nnactive.data import disk
from nnactive.data.download import leftovers, sums
from nnactive.data.download.folders import Folders, Item
from nnactive.data.progress import Amount, FileReport, Report
from nnactive.errors import UserError
from nnactive.io.files import file_sizes, read_model, write_model
from nnactive.io.models import StateFile


class Unpacked(StateFile):
    """What ``files`` was made from: SHA-256 by path below the archives."""

    archives: dict[str, str]
    files: int


def is_complete(folders: Folders, known: dict[str, sums.Sum]) -> bool:
    """Whether the folder was made from the ``known`` archives, and no file is missing."""
    if not (folders.files.is_dir() and folders.unpacked.exists()):
        return False
    unpacked = read_model(folders.unpacked, Unpacked)
    # Extra files do no harm: an image viewer may have left its own.
    return unpacked.archives == _digests(known) and (
        len(file_sizes(folders.files)) >= unpacked.files
    )


def count_files(folders: Folders) -> int:
    """Number of files that were unpacked."""
    return read_model(folders.unpacked, Unpacked).files


def unpack_all(items: tuple[Item, ...], folders: Folders, report: Report) -> None:
    """Rebuild the folder from the archives; files that are not archives are linked.

    Raises:
        UserError: too little disk space, or an archive that is damaged or unsafe.
    """
    draft, old = folders.draft, folders.old
    for left in leftovers.unpackings(folders):
        shutil.rmtree(left)
    _make_room(items, folders)
    draft.mkdir()
    try:
        for number, item in enumerate(items, 1):
            amount = FileReport(report, str(item.path), number, len(items)).amount("unpack")
            _unpack(item, folders, draft, amount)
    except BaseException:  # a full disk above all: nothing can go on with half of it
        shutil.rmtree(draft, ignore_errors=True)
        raise
    known = sums.remembered(folders)
    folders.unpacked.unlink(missing_ok=True)
    if folders.files.exists():
        folders.files.rename(old)
    count = len(file_sizes(draft))
    draft.rename(folders.files)
    write_model(folders.unpacked, Unpacked(archives=_digests(known), files=count))
    if old.exists():
        shutil.rmtree(old)


def _digests(known: dict[str, sums.Sum]) -> dict[str, str]:
    return {name: one.sha256 for name, one in known.items()}


def _make_room(items: tuple[Item, ...], folders: Folders) -> None:
    """Require room for the unpacked files; if it is short, earlier files go before, not after.

    Raises:
        NoRoomError: there is too little even so.
    """
    from nnactive.data.download.archives import unpacked_size

    places = [folders.archives / item.path for item in items if item.unpack]
    there = [place for place in places if place.is_file()]
    need = sum(unpacked_size(place) or place.stat().st_size for place in there)
    free = disk.free(folders.root)
    earlier = _own_size(folders.files) if need > free else 0
    way_out = "free up some space and run the same command again"
    disk.require(folders.root, need, free + earlier, "unpacking needs", way_out)
    if earlier:
        folders.unpacked.unlink(missing_ok=True)
        shutil.rmtree(folders.files)


def _own_size(folder: Path) -> int:
    """Bytes that are free once a folder is removed; linked files are elsewhere, too."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(stat.st_size for stat in stats if stat.st_nlink == 1)


def _unpack(item: Item, folders: Folders, draft: Path, amount: Amount) -> None:
    from nnactive.data.download.archives import unpack

    place = folders.archives / item.path
    if not (item.unpack and place.is_file()):
        _link_all(item, place, draft, amount)
        return
    try:
        unpack(place, draft, item.file.password, amount)
    except disk.NoRoomError:
        raise
    except UserError:
        sums.forget(folders, str(item.path))  # another file may take its place
        raise


def _link_all(item: Item, place: Path, draft: Path, amount: Amount) -> None:
    """Link the files of an item, which are not archives, below the draft."""
    files = dict(sums.members(place, item.path))
    done, total = 0, sum(file.stat().st_size for file in files.values())
    for name, file in files.items():
        copied = _link(file, draft / name)
        done += file.stat().st_size
        if copied:  # linking takes no time
            amount(done, total)


def _link(file: Path, name: Path) -> bool:
    """Hard-link a file; True if it had to be copied, as the file system has no hard links."""
    name.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file.resolve(), name)
    except OSError:
        shutil.copyfile(file, name)
        return True
    return False

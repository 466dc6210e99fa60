"""Fetching one file of a download, checking it, and remembering its checksum."""

from dataclasses import dataclass
from pathlib import Path

from nnactive.data.download import sums
from nnactive.data.download.folders import Folders, Item
from nnactive.data.download.patience import TransferError
from nnactive.data.download.sources import Order, obtain
from nnactive.data.progress import Amount, FileReport, part_of
from nnactive.errors import UserError

AGAIN = "remove it and run the same command again"


def is_verified(
    item: Item, folders: Folders, known: dict[str, sums.Sum], *, gone: bool = False
) -> bool:
    """Whether an item was found right before and has not changed since; reads no content.

    Args:
        item: the file, or the folder of files.
        folders: where the raw data lie.
        known: remembered checksums.
        gone: whether the item may also have been removed after it was unpacked.
    """
    place = folders.archives / item.path
    if not place.exists():
        names = [n for n in known if n == str(item.path) or n.startswith(f"{item.path}/")]
        there = gone and bool(names)
    else:
        members = dict(sums.members(place, item.path))
        names = list(members)
        there = bool(names) and all(
            name in known and sums.is_unchanged(file, known[name]) for name, file in members.items()
        )
    if place.is_dir():
        return there
    return there and not any(sums.problem(known[name], item, None) for name in names)


def fetch_item(item: Item, folders: Folders, login: str | None, report: FileReport) -> None:
    """Fetch and check an item, unless that is already done, and remember its checksums.

    Raises:
        UserError: an existing file is wrong, or the user has to do something first.
        TransferError: no source has the right file.
    """
    known = sums.remembered(folders)
    if is_verified(item, folders, known):
        return
    place = folders.archives / item.path
    check = _Check(item, known, report.amount("check"), {})
    if not place.exists():
        obtain(Order(item, place, login, check, report))
    elif place.is_file():
        try:
            check(place)
        except TransferError as error:
            raise UserError(f"{place}: {error}; {AGAIN}") from None
    found = check.found
    if place.is_dir():
        found = _measure_folder(item, place, known, report.amount("check"))
    sums.remember(folders, found)


@dataclass(frozen=True)
class _Check:
    """Checks an item that is one file, and keeps what was measured in ``found``."""

    item: Item
    known: dict[str, sums.Sum]
    amount: Amount
    found: dict[str, sums.Sum]

    def __call__(self, path: Path) -> None:
        name = str(self.item.path)
        self.found[name] = sums.measure(path, self.amount)
        problem = sums.problem(self.found[name], self.item, self.known.get(name))
        if problem is None and not sums.is_published(self.item):
            problem = sums.web_page(path) or sums.unreadable(path, name)
        elif problem:
            problem = sums.web_page(path) or problem
        if problem:
            raise TransferError(problem)


def _measure_folder(
    item: Item, place: Path, known: dict[str, sums.Sum], amount: Amount
) -> dict[str, sums.Sum]:
    """Checksums of a folder's files; those unchanged since the last time are not read again."""
    files = dict(sums.members(place, item.path))
    found = {
        name: known[name]
        for name, file in files.items()
        if name in known and sums.is_unchanged(file, known[name])
    }
    new = {name: file for name, file in files.items() if name not in found}
    before, total = 0, sum(file.stat().st_size for file in new.values())
    for name, file in new.items():
        found[name] = sums.measure(file, part_of(amount, before, total))
        before += found[name].bytes
        if problem := sums.problem(found[name], item, known.get(name)):
            raise UserError(f"{file}: {problem}; {AGAIN}")
    if not found:
        raise UserError(f"{place}: contains no files; put the dataset's files there")
    return found

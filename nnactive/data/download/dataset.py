"""Bringing a dataset's raw data to ``DATA/raw/NAME/files``, whole or not at all."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from nnactive.data.card_fields import Download
from nnactive.data.cards import Card
from nnactive.data.download import consent, sums
from nnactive.data.download.folders import Folders, Item, list_items, locked
from nnactive.data.download.sources import Order, obtain
from nnactive.data.download.transfer import Amount, TransferError
from nnactive.errors import UserError
from nnactive.io.files import file_sizes, read_model, write_model
from nnactive.io.formatting import size
from nnactive.settings import Frozen

GIB = 1 << 30
Stage = Literal["ask", "fetch", "check", "unpack"]
"""ask: a source is asked for a file; it may take a while to answer, or not to."""
State = Literal["absent", "partial", "complete"]


@dataclass(frozen=True)
class Step:
    """How far one file is: ``done`` of ``total`` bytes (None: not known)."""

    stage: Stage
    name: str
    number: int
    """Of ``count`` files, from 1."""
    count: int
    done: int
    total: int | None


Report = Callable[[Step], None]


@dataclass(frozen=True)
class Outcome:
    """What a download came to; ``bytes`` and ``archives`` count what was downloaded."""

    folder: Path
    archives: int
    bytes: int
    files: int
    published: bool
    """Whether all checksums are published ones."""
    before: bool
    """Whether all of it was there before."""


class Unpacked(Frozen):
    """What ``files`` was made from: sha256 by path below the archives."""

    archives: dict[str, str]
    files: int


@dataclass(frozen=True)
class Space:
    """Disk space in bytes; ``needed`` is None where no size is published."""

    needed: int | None
    free: int


def download(card: Card, folders: Folders, report: Report) -> Outcome:
    """Fetch, check and unpack a dataset; goes on where an earlier call was broken off.

    Args:
        card: The dataset's.
        folders: Where its raw data go.
        report: Is told of the progress.

    Returns:
        What is there now.

    Raises:
        UserError: no consent to the licence, no download in the card, no space, a login that is
            needed (``StepsNeededError``), an archive that is damaged or not safe.
        TransferError: no source has the right file.
    """
    wanted = _download_of(card)
    consent.require(card, folders)
    items = list_items(wanted)
    with locked(folders):
        if state(card, folders) == "complete":
            return _outcome(items, folders, before=True)
        _require_space(card, folders)
        for number, item in enumerate(items, 1):
            at = partial(Step, name=str(item.path), number=number, count=len(items))
            _bring(item, folders, wanted.login, report, at)
        _unpack(items, folders, report)
    return _outcome(items, folders, before=False)


def state(card: Card, folders: Folders) -> State:
    """How much of the raw data is there; reads names, sizes and time stamps only."""
    if card.download is None or not folders.root.is_dir():
        return "absent"
    known = sums.remembered(folders)
    items = list_items(card.download)
    if folders.files.is_dir() and folders.unpacked.exists():
        unpacked = read_model(folders.unpacked, Unpacked)
        as_known = unpacked.archives == {name: one.sha256 for name, one in known.items()}
        # More files than were unpacked are no harm: a viewer may have left its own.
        whole = as_known and len(file_sizes(folders.files)) >= unpacked.files
        if whole and all(_is_settled(item, folders, known, gone=True) for item in items):
            return "complete"
    begun = folders.archives.is_dir() and any(folders.archives.iterdir())
    return "partial" if begun or folders.files.is_dir() else "absent"


def space(card: Card, folders: Folders) -> Space:
    """Disk space that the rest of a download takes, archives and unpacked files."""
    wanted = _download_of(card)
    items = list_items(wanted)
    place = next(path for path in (folders.root, *folders.root.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    sizes = [item.file.bytes for item in items if item.file.bytes]
    if len(sizes) == len(items):
        total = sum(sizes)
    elif wanted.size_gib:
        total = round(wanted.size_gib * GIB)
    else:
        return Space(None, free)
    there = sum(file_sizes(folders.archives))
    unpacked = total if any(item.unpack for item in items) else 0
    return Space(max(total - there, 0) + unpacked, free)


def _download_of(card: Card) -> Download:
    if card.download is not None:
        return card.download
    way = f"run: nnactive-bench data prepare {card.name}"
    if card.generator is not None:
        raise UserError(f"{card.name} generates itself, there is nothing to download; {way}")
    raise UserError(f"{card.name}: the card names no download; {way} --raw FOLDER")


def _require_space(card: Card, folders: Folders) -> None:
    need = space(card, folders)
    if need.needed is not None and need.needed > need.free:
        raise UserError(
            f"{folders.root}: needs about {size(need.needed)}, {size(need.free)} "
            f"are free; free some space or choose another folder with --data"
        )


def _is_settled(
    item: Item, folders: Folders, known: dict[str, sums.Sum], *, gone: bool = False
) -> bool:
    """Whether an item was found right before and hasn't changed since, without reading it.

    ``gone``: an item may also have been removed after it was unpacked.
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


def _bring(
    item: Item, folders: Folders, login: str | None, report: Report, at: Callable[..., Step]
) -> None:
    """See to it that an item lies in its place and its sums are kept."""
    known = sums.remembered(folders)
    if _is_settled(item, folders, known):
        return
    found: dict[str, sums.Sum] = {}

    def amount(stage: Stage) -> Amount:
        return _told(report, partial(at, stage=stage))

    def check(path: Path) -> None:
        """Of an item that is one file."""
        name = str(item.path)
        found[name] = sums.measure(path, amount("check"))
        problem = sums.problem(found[name], item, known.get(name))
        if problem is None and not sums.is_published(item):
            problem = sums.unreadable(path, name)
        if problem:
            raise TransferError(problem)

    place = folders.archives / item.path
    if not place.exists():
        obtain(Order(item, place, login, check, partial(_tell_source, report, at), amount("fetch")))
    elif place.is_file():
        try:
            check(place)
        except TransferError as error:
            raise UserError(f"{place}: {error}; remove it and run the same command again") from None
    if place.is_dir():
        found = _measure_folder(item, place, known, amount("check"))
    sums.remember(folders, found)


def _tell_source(report: Report, at: Callable[..., Step], source: str) -> None:
    step = at(stage="ask", done=0, total=None)
    report(replace(step, name=f"{step.name} from {source}"))


def _told(report: Report, at: Callable[..., Step]) -> Amount:
    return lambda done, total: report(at(done=done, total=total))


def _part_of(amount: Amount, before: int, total: int) -> Amount:
    """For one file of many: tells how far all are."""
    return lambda done, _: amount(before + done, total)


def _measure_folder(
    item: Item, place: Path, known: dict[str, sums.Sum], amount: Amount
) -> dict[str, sums.Sum]:
    """Sums of a folder's files; those that haven't changed since the last time aren't read."""
    files = dict(sums.members(place, item.path))
    found = {
        name: known[name]
        for name, file in files.items()
        if name in known and sums.is_unchanged(file, known[name])
    }
    new = {name: file for name, file in files.items() if name not in found}
    before, total = 0, sum(file.stat().st_size for file in new.values())
    for name, file in new.items():
        found[name] = sums.measure(file, _part_of(amount, before, total))
        before += found[name].bytes
        if problem := sums.problem(found[name], item, known.get(name)):
            raise UserError(f"{file}: {problem}; remove it and run the same command again")
    if not found:
        raise UserError(f"{place}: holds no files; put the dataset's files there")
    return found


def _unpack(items: tuple[Item, ...], folders: Folders, report: Report) -> None:
    """Make ``files`` anew from the archives; what needs no unpacking is linked."""
    from nnactive.data.download.archives import unpack

    _require_room(items, folders)
    draft, old = (folders.root / f".files.{kind}" for kind in ("part", "old"))
    for left in (draft, old):
        if left.exists():
            shutil.rmtree(left)
    draft.mkdir()
    for number, item in enumerate(items, 1):
        place = folders.archives / item.path
        step = partial(Step, "unpack", str(item.path), number, len(items))
        if item.unpack and place.is_file():
            try:
                unpack(place, draft, item.file.password, _told(report, step))
            except UserError:
                sums.forget(folders, str(item.path))  # another file may take its place
                raise
            continue
        _link_all(item, place, draft, _told(report, step))
    known = sums.remembered(folders)
    folders.unpacked.unlink(missing_ok=True)
    if folders.files.exists():
        folders.files.rename(old)
    count = len(file_sizes(draft))
    draft.rename(folders.files)
    made_from = {name: one.sha256 for name, one in known.items()}
    write_model(folders.unpacked, Unpacked(archives=made_from, files=count))
    if old.exists():
        shutil.rmtree(old)


def _require_room(items: tuple[Item, ...], folders: Folders) -> None:
    from nnactive.data.download.archives import unpacked_size

    places = [folders.archives / item.path for item in items if item.unpack]
    there = [place for place in places if place.is_file()]
    need = sum(unpacked_size(place) or place.stat().st_size for place in there)
    free = shutil.disk_usage(folders.root).free
    if need > free:
        raise UserError(
            f"{folders.root}: the unpacked files take {size(need)}, {size(free)} "
            f"are free; free some space and run the same command again"
        )


def _link_all(item: Item, place: Path, draft: Path, amount: Amount) -> None:
    """Give the files of an item, which are no archives, a second name below the draft."""
    files = dict(sums.members(place, item.path))
    done, total = 0, sum(file.stat().st_size for file in files.values())
    for name, file in files.items():
        copied = _link(file, draft / name)
        done += file.stat().st_size
        if copied:  # links take no time
            amount(done, total)


def _link(file: Path, name: Path) -> bool:
    """A second name for a file; a copy (True) where the file system has no hard links."""
    name.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file.resolve(), name)
    except OSError:
        shutil.copyfile(file, name)
        return True
    return False


def _outcome(items: tuple[Item, ...], folders: Folders, *, before: bool) -> Outcome:
    known = sums.remembered(folders)
    return Outcome(
        folder=folders.files,
        archives=len(known),
        bytes=sum(one.bytes for one in known.values()),
        files=read_model(folders.unpacked, Unpacked).files,
        published=all(sums.is_published(item) for item in items),
        before=before,
    )

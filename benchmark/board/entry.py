"""One entry of the public board: ``NAME/entry.json``, and a bundle for each version beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.bundles.bounded import read_bounded
from benchmark.bundles.names import name_problem
from benchmark.bundles.record import Sha256
from benchmark.results import Moment
from benchmark.submission.about.fields import Line
from nnactive.errors import UserError
from nnactive.io.models import Frozen, StateFile

RECORD: Final = Path("entry.json")
LARGEST: Final = 1 << 20
"""Bytes of a record."""
USUAL: Final = Path("leaderboard") / "entries"
"""The public board of a checkout."""
SIGNERS: Final = Path("allowed_signers")


class Withdrawn(Frozen):
    """That an entry no longer counts."""

    reason: Line
    on: Moment


class Version(Frozen):
    """One accepted bundle."""

    digest: Sha256
    """`BundleRecord.digest`: an accepted version is never changed."""
    added: Moment


class EntryRecord(StateFile):
    """``entry.json``."""

    name: Line
    """As its authors have it in ``submission.yaml``."""
    versions: tuple[Version, ...]
    """The bundle of the first one is in ``1/``, and so on; the last one counts."""
    withdrawn: Withdrawn | None = None


@dataclass(frozen=True)
class BoardEntry:
    """An entry where it is."""

    folder: Path
    record: EntryRecord

    @property
    def name(self) -> str:
        """Its folder's name, which commands take."""
        return self.folder.name

    @property
    def current(self) -> Path:
        """The bundle of the version that counts."""
        return self.version(len(self.record.versions))

    def version(self, number: int) -> Path:
        """The bundle of a version, counted from 1."""
        return self.folder / str(number)


def entry_folders(board: Path) -> list[Path]:
    """The folders of a board's entries, sorted.

    Raises:
        UserError: if there is no such board.
    """
    if not board.is_dir():
        raise UserError(f"{board}: no such folder; name the public board's with --entries")
    return sorted(each for each in board.iterdir() if each.is_dir() and each.name[0] != ".")


def read_entry(folder: Path) -> BoardEntry:
    """Read an entry's record, and compare it with the versions that are there.

    Raises:
        UserError: names what is wrong.
    """
    if folder.is_symlink() or name_problem(folder.name):
        raise UserError(f"{folder}: not an entry's name; rename the folder")
    try:
        record = read_bounded(folder / RECORD, EntryRecord, LARGEST)
    except UserError as error:
        raise UserError(f"{folder / RECORD}: {error}") from None
    wanted = {str(number + 1) for number in range(len(record.versions))}
    there = {each.name for each in folder.iterdir() if each.name != str(RECORD)}
    for name in sorted(wanted ^ there):
        what = "no such version" if name in wanted else f"not in {RECORD}"
        raise UserError(f"{folder / name}: {what}; restore the accepted folder")
    if not record.versions:
        raise UserError(f"{folder / RECORD}: has no version; remove the folder")
    return BoardEntry(folder, record)


def find_entry(board: Path, name: str) -> BoardEntry:
    """The entry of a name.

    Raises:
        UserError: if there is none, or it is broken.
    """
    names = [each.name for each in entry_folders(board)]
    if name not in names:
        known = f"; it has {', '.join(names)}" if names else ""
        raise UserError(f"{board}: no entry '{name}'{known}")
    return read_entry(board / name)

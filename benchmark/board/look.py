"""What a public board holds, and whether its entries still are what was accepted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.board.change import verified
from benchmark.board.entry import SIGNERS, BoardEntry, entry_folders, find_entry, read_entry
from benchmark.bundles.read import open_bundle
from benchmark.bundles.signed.attestations import Standing, read_attestations, standing
from benchmark.bundles.verify.findings import failures
from nnactive.errors import UserError


@dataclass(frozen=True)
class Row:
    """A version of an entry, or why the entry can't be read."""

    name: str
    version: int = 0
    """0: none can be read."""
    title: str = ""
    track: str = ""
    method: str = ""
    """Method id."""
    standing: Standing | None = None
    state: str = ""
    """current; replaced; withdrawn, with the reason; or what is wrong."""
    broken: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the checks of one version found."""

    name: str
    version: int
    problems: tuple[str, ...]
    """One line each; empty: verified."""
    undone: int = 0
    """Checks that lacked what they compare with."""


def rows(board: Path) -> Iterator[Row]:
    """The versions of all entries of a board, by name.

    Raises:
        UserError: if there is no such board.
    """
    for folder in entry_folders(board):
        try:
            entry = read_entry(folder)
            found = [_row(board, entry, n + 1) for n in range(len(entry.record.versions))]
        except UserError as error:
            yield Row(folder.name, state=_relative(board, error), broken=True)
        else:
            yield from found


def verdicts(board: Path, names: Sequence[str] = (), data: Path | None = None) -> Iterator[Verdict]:
    """Verify entries, every version of each.

    Args:
        board: the board's folder.
        names: the entries; empty: all.
        data: folder of prepared datasets, for the checks that need one.

    Raises:
        UserError: if there is no such board or entry.
    """
    chosen = [find_entry(board, name).folder for name in names] or entry_folders(board)
    for folder in chosen:
        try:
            entry = read_entry(folder)
        except UserError as error:
            yield Verdict(folder.name, 0, (_relative(board, error),))
            continue
        for number, version in enumerate(entry.record.versions, start=1):
            yield _verdict(board, entry, number, version.digest, data)


def _verdict(
    board: Path, entry: BoardEntry, number: int, digest: str, data: Path | None
) -> Verdict:
    folder = entry.version(number)
    try:
        found = open_bundle(folder).record.digest
        findings = verified(folder, board, data)
    except UserError as error:
        return Verdict(entry.name, number, (_relative(board, error),))
    problems = [f"{each.check}: {each.detail}" for each in failures(findings)]
    if found != digest:
        problems.insert(0, "digest: differs from the accepted bundle; restore it")
    undone = sum(each.state == "not checked" for each in findings)
    return Verdict(entry.name, number, tuple(problems), undone)


def _row(board: Path, entry: BoardEntry, number: int) -> Row:
    folder, record = entry.version(number), entry.record
    bundle = open_bundle(folder)
    signers = board / SIGNERS
    attested = read_attestations(
        folder, bundle.record.digest, signers if signers.is_file() else None
    )
    state = "current" if number == len(record.versions) else "replaced"
    if record.withdrawn:
        state = f"withdrawn: {record.withdrawn.reason}"
    return Row(
        name=entry.name,
        version=number,
        title=record.name,
        track=bundle.record.track,
        method=bundle.record.method.id,
        standing=standing(attested),
        state=state,
    )


def _relative(board: Path, error: UserError) -> str:
    return str(error).replace(f"{board}/", "")

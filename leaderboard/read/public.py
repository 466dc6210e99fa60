"""The public board's folder: which version of each entry counts, and which files are its results.

``NAME/VERSION/`` is a bundle; ``NAME/entry.json`` says whether it was withdrawn. The highest
version takes the place of the others, which stay to be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark.board.entry import RECORD, SIGNERS, BoardEntry, entry_folders, read_entry
from benchmark.bundles import places
from benchmark.bundles.read import Bundle, open_bundle
from benchmark.bundles.signed.attestations import FOLDER, Attested, read_attestations, standing
from benchmark.bundles.signed.ssh import signature_file
from leaderboard.formatting import plain
from leaderboard.model import Apart, LeftOut
from leaderboard.read.find import Named
from leaderboard.read.found import Entry
from nnactive.errors import UserError


@dataclass(frozen=True)
class Public:
    """What a public board's folder holds."""

    files: tuple[tuple[Named, Entry], ...] = ()
    """Result files of the entries that count."""
    apart: tuple[Apart, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """Entries that can't be used, and why."""


def read_public(board: Path | None) -> Public:
    """The entries of a public board's folder; nothing without one.

    Raises:
        UserError: if there is no such folder.
    """
    if board is None:
        return Public()
    files: list[tuple[Named, Entry]] = []
    apart: list[Apart] = []
    left_out: list[LeftOut] = []
    for folder in entry_folders(board):
        try:
            known = read_entry(folder)
            apart += _apart(known)
            if known.record.withdrawn is None:
                files += _results(board, known)
        except UserError as error:
            reason = str(error).replace(f"{board}/", "")
            left_out.append(LeftOut(plain(folder.name, 100), plain(reason)))
    return Public(tuple(files), tuple(sorted(apart)), tuple(sorted(left_out)))


def _apart(known: BoardEntry) -> list[Apart]:
    """The versions that don't count: all of a withdrawn entry, otherwise all but the last."""
    withdrawn, last = known.record.withdrawn, len(known.record.versions)
    return [
        Apart(
            entry=known.name,
            version=version,
            folder=f"{known.name}/{version}",
            reason=f"withdrawn: {plain(withdrawn.reason)}"
            if withdrawn
            else f"replaced by version {last}",
        )
        for version in range(1, last + bool(withdrawn))
    ]


def _results(board: Path, known: BoardEntry) -> Iterator[tuple[Named, Entry]]:
    """The results that the current bundle lists, once it is known to be what was accepted."""
    folder = known.current
    bundle = open_bundle(folder)
    own = (str(signature_file(places.RECORD)), f"{FOLDER}/")
    wrong = [each for each in bundle.wrong_files() if not each.strip("'").startswith(own)]
    if bundle.record.digest != known.record.versions[-1].digest:
        wrong.append(f"differs from the accepted bundle, by the digest in {RECORD}")
    if wrong:
        raise UserError(f"{folder}: {wrong[0]}")
    entry = _entry(board, bundle)
    for name in sorted(bundle.record.files):
        if name.startswith(f"{places.RESULTS}/"):
            yield (f"{entry.name}/{entry.version}/{name}", folder / name), entry


def _entry(board: Path, bundle: Bundle) -> Entry:
    signers = board / SIGNERS
    attested = read_attestations(
        bundle.folder, bundle.record.digest, signers if signers.is_file() else None
    )
    return Entry(
        name=bundle.folder.parent.name,
        version=int(bundle.folder.name),
        method=bundle.record.method,
        level=standing(attested).level,
        checks=tuple(map(_told, attested)),
        about=bundle.manifest,
    )


def _told(attested: Attested) -> str:
    """What an attestation says, in a line."""
    found = attested.attestation
    if attested.problem or found is None:
        return plain(f"{FOLDER}/{attested.name} doesn't count: {attested.problem}")
    if attested.disagrees:
        return plain(attested.disagrees)
    return plain(f"{found.level} by {found.by} on {found.done[:10]} ({attested.signature.detail})")

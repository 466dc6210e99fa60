"""Change a public board: add a bundle as an entry or as its next version; withdraw an entry."""

import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from benchmark.board.entry import (
    RECORD,
    SIGNERS,
    BoardEntry,
    EntryRecord,
    Version,
    Withdrawn,
    entry_folders,
    find_entry,
    read_entry,
)
from benchmark.bundles import places
from benchmark.bundles.baselines import BASELINES, Baselines, own_baselines, read_baselines_list
from benchmark.bundles.read import Bundle, open_bundle
from benchmark.bundles.signed.ssh import signature_file
from benchmark.bundles.verify.findings import Finding, failures
from benchmark.bundles.verify.verify import verify
from benchmark.consistency.lookalikes import skeleton
from nnactive.errors import UserError
from nnactive.io.files import atomic_folder, first_problem, write_model

LONGEST: Final = 60
"""Letters of a name in an entry's folder."""


@dataclass(frozen=True)
class Added:
    """What `add` did."""

    folder: Path
    """Of the version."""
    name: str
    version: int
    findings: tuple[Finding, ...]


def add(
    given: Path,
    board: Path,
    *,
    replaces: str | None = None,
    baselines: bool = False,
    data: Path | None = None,
) -> Added:
    """Verify a bundle and put it on a board; nothing that is there is changed but ``entry.json``.

    Args:
        given: the bundle, a folder or ``.zip``.
        board: the board's folder; made if it is missing.
        replaces: name of the entry of which it is the next version; None: a new entry.
        baselines: whether it is a result of the benchmark's own, which from now on vouches for
            what others claim; such a bundle's method must be built in.
        data: folder of prepared datasets, for the checks that need one.

    Raises:
        UserError: a check failed; it claims to be built in; its name is another entry's or can't
            be told from it; the bundle is there already.
    """
    bundle = open_bundle(given)
    findings = verified(bundle.folder, board, data)
    bad = failures(findings)
    if bad:
        raise UserError(
            f"{given}: {bad[0].check}: {bad[0].detail}; all checks: nnactive-bench verify {given}"
        )
    check_origin(bundle, baselines=baselines)
    board.mkdir(parents=True, exist_ok=True)
    check_new(bundle, board, replaces)
    known = find_entry(board, replaces) if replaces else None
    name = known.name if known else entry_name(bundle)
    number = len(known.record.versions) + 1 if known else 1
    title = bundle.manifest.name or name
    version = Version(digest=bundle.record.digest, added=_now())
    earlier = known.record.versions if known else ()
    folder = board / name / str(number)
    _copy(bundle, folder)
    record = EntryRecord(name=title, versions=(*earlier, version))
    write_model(board / name / RECORD, record)
    if baselines:
        _list_baselines(board, bundle)
    return Added(folder, name, number, tuple(findings))


def verified(folder: Path, board: Path, data: Path | None = None) -> list[Finding]:
    """All checks of a bundle, compared with the baselines of a board."""
    trusted = board if board.is_dir() and own_baselines(board) else None
    signers = board / SIGNERS
    return verify(folder, data, trusted, signers if signers.is_file() else None)


def entry_name(bundle: Bundle) -> str:
    """Name of a new entry's folder: its name in plain letters, and the start of its digest."""
    slug = _slug(bundle.manifest.name or bundle.record.method.name)
    return f"{slug}-{bundle.record.digest[:8]}"


def withdraw(board: Path, name: str, reason: str) -> BoardEntry:
    """Mark an entry as withdrawn; its files stay.

    Raises:
        UserError: no such entry, or it was withdrawn before; the reason isn't one line of text.
    """
    found = find_entry(board, name)
    earlier = found.record.withdrawn
    if earlier:
        raise UserError(f"{name}: withdrawn already, on {earlier.on[:10]}: {earlier.reason}")
    try:
        mark = Withdrawn(reason=reason, on=_now())
    except ValidationError as error:
        raise UserError(f"--reason: {first_problem(error)}") from None
    record = found.record.model_copy(update={"withdrawn": mark})
    write_model(found.folder / RECORD, record)
    return BoardEntry(found.folder, record)


def check_origin(bundle: Bundle, *, baselines: bool) -> None:
    """Refuse a built-in method's bundle, or as a baseline any other.

    Raises:
        UserError: says whose it is to add.
    """
    builtin = bundle.record.method.origin == "builtin"
    if builtin and not baselines:
        raise UserError(
            f"{bundle.given}: a built-in method; the benchmark's own results are the maintainers' "
            "to add, with --baselines"
        )
    if baselines and not builtin:
        raise UserError(f"{bundle.given}: not a built-in method; add it without --baselines")


def check_new(bundle: Bundle, board: Path, replaces: str | None) -> None:
    """Refuse a bundle that is there, and a name that readers could take for another entry's.

    Raises:
        UserError: names the entry.
    """
    title = bundle.manifest.name or bundle.record.method.name
    for entry in _entries(board):
        digests = [each.digest for each in entry.record.versions]
        if bundle.record.digest in digests:
            number = digests.index(bundle.record.digest) + 1
            raise UserError(f"{bundle.given}: is there already: {entry.name}, version {number}")
        taken = skeleton(entry.record.name) == skeleton(title)
        if taken and entry.name != replaces and entry.record.withdrawn is None:
            raise UserError(
                f"{bundle.given}: its name '{title}' is that of the entry {entry.name}, or looks "
                f"like it; if it corrects that entry, add --replaces {entry.name}; else choose "
                f"another name in {places.MANIFEST} and make the bundle again"
            )
        if entry.name != replaces:
            _check_own(bundle, entry)


def _check_own(bundle: Bundle, entry: BoardEntry) -> None:
    """Refuse results that are another entry's: whoever runs a method again gets others."""
    results = _results(bundle)
    for number in range(1, len(entry.record.versions) + 1):
        try:
            there = _results(open_bundle(entry.version(number)))
        except UserError:
            continue  # `entry verify` tells
        if results & there:
            raise UserError(
                f"{bundle.given}: has results of the entry {entry.name}, version {number}; an "
                f"entry has its own; a correction is added with --replaces {entry.name}"
            )


def _results(bundle: Bundle) -> set[str]:
    """SHA-256 of a bundle's results."""
    named = bundle.record.files.items()
    return {file.sha256 for name, file in named if name.startswith(f"{places.RESULTS}/")}


def _entries(board: Path) -> Iterator[BoardEntry]:
    for folder in entry_folders(board):
        yield read_entry(folder)


def _slug(text: str) -> str:
    """Plain lowercase letters, digits and hyphens.

    >>> _slug("Größe, 2nd try!")
    'grosse-2nd-try'
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-") or "entry"


def _copy(bundle: Bundle, folder: Path) -> None:
    """Copy the files of a bundle, and its signature; nothing else that lies beside them."""
    names = [*bundle.record.files, str(places.RECORD)]
    signature = signature_file(places.RECORD)
    if bundle.path(signature).is_file():
        names.append(str(signature))
    if folder.exists():
        raise UserError(f"{folder}: is there, but not in {RECORD}; remove it")
    with atomic_folder(folder) as draft:
        for name in names:
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.folder / name, draft / name)


def _list_baselines(board: Path, bundle: Bundle) -> None:
    """Let the results of a bundle vouch for what others claim."""
    results = dict(read_baselines_list(board).results)
    for name, file in bundle.record.files.items():
        if name.startswith(f"{places.RESULTS}/"):
            where = name.removeprefix(f"{places.RESULTS}/").removesuffix(".json")
            results[file.sha256] = f"{bundle.record.track}: {bundle.record.method.id}, {where}"
    listed = dict(sorted(results.items(), key=lambda item: (item[1], item[0])))
    write_model(board / BASELINES, Baselines(results=listed))


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

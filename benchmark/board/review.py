"""Review a proposed board against the accepted one: what it adds, and whether that may be accepted.

The accepted board's baselines and signers judge; nothing of the proposal is believed or run.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from benchmark.board.change import check_new, check_origin, entry_name, verified
from benchmark.board.entry import RECORD, SIGNERS, BoardEntry, read_entry
from benchmark.bundles import places
from benchmark.bundles.baselines import BASELINES
from benchmark.bundles.limits import LARGEST_FILE
from benchmark.bundles.read import open_bundle
from benchmark.bundles.signed.attestations import FOLDER as ATTESTED
from benchmark.bundles.signed.attestations import read_attestations
from benchmark.bundles.verify.findings import failures
from nnactive.errors import UserError
from nnactive.io.files import sha256

MOST_FILES: Final = 100_000
LONGEST: Final = 500
"""Letters of a line in the verdict."""
MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~@-])")


@dataclass
class Review:
    """What a proposal adds, and what is wrong with it."""

    added: list[str] = field(default_factory=list)
    """One line each."""
    problems: list[str] = field(default_factory=list)
    """One line each; none: it may be accepted."""

    @property
    def markdown(self) -> str:
        """The verdict as a comment on a pull request; a stranger's words are shown as text."""
        head = "refused" if self.problems else "verified" if self.added else "nothing to review"
        lines = [f"### Entry: {head}", ""]
        lines += [f"- {_shown(line)}" for line in self.added]
        if self.problems:
            lines += ["", "What is wrong:", "", *(f"- {_shown(line)}" for line in self.problems)]
            lines += ["", "Check a bundle before you propose it: `nnactive-bench verify BUNDLE`."]
        return "\n".join(lines) + "\n"


def review(accepted: Path, proposed: Path, data: Path | None = None) -> Review:
    """Compare two folders of a board, and verify what the second one adds.

    Args:
        accepted: the board as it is; a missing one is empty.
        proposed: the board as somebody would have it.
        data: folder of prepared datasets, for the checks that need one.

    Raises:
        UserError: if there is no proposed board.
    """
    if not proposed.is_dir():
        raise UserError(f"{proposed}: no such folder; name the proposed board's")
    found = Review()
    try:
        before, after = dict(_files(accepted)), dict(_files(proposed))
    except UserError as error:
        found.problems.append(str(error))
        return found
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    gone = before.keys() - after.keys()
    found.problems += [f"{name}: removed; an accepted file stays" for name in sorted(gone)]
    new = after.keys() - before.keys()
    entries: dict[str, set[str]] = {}
    for name in sorted(changed | new):
        entry, _, rest = name.partition("/")
        if not rest:
            found.problems.append(f"{name}: {_not_theirs(name)}")
        elif name in changed and rest != str(RECORD):
            found.problems.append(f"{name}: changed; an accepted file stays as it is")
        else:
            entries.setdefault(entry, set()).add(rest)
    for entry, names in entries.items():
        try:
            _review_entry(found, accepted, proposed / entry, names, data)
        except UserError as error:
            found.problems.append(_relative(proposed, error))
    return found


def _review_entry(
    found: Review, accepted: Path, folder: Path, names: set[str], data: Path | None
) -> None:
    """Review the new files of one entry, and its record.

    Raises:
        UserError: if it can't be read.
    """
    entry = read_entry(folder)
    earlier = read_entry(accepted / folder.name) if (accepted / folder.name).is_dir() else None
    known = earlier.record.versions if earlier else ()
    if entry.record.versions[: len(known)] != known:
        found.problems.append(f"{entry.name}/{RECORD}: an accepted version is changed")
        return
    _review_marks(found, entry, earlier)
    if earlier and len(entry.record.versions) == len(known):
        _review_title(found, entry, earlier)
    for number in range(len(known) + 1, len(entry.record.versions) + 1):
        _review_version(found, accepted, entry, number, data)
    for name in sorted(names - {str(RECORD)}):
        version, *rest = PurePosixPath(name).parts
        if int(version) <= len(known) or rest[:1] == [ATTESTED]:
            _review_attestation(found, entry, names, name, accepted / SIGNERS)


def _review_title(found: Review, entry: BoardEntry, earlier: BoardEntry) -> None:
    """Without another version, an entry keeps the name that others may not take."""
    if entry.record.name != earlier.record.name:
        found.problems.append(
            f"{entry.name}/{RECORD}: its name is changed from '{earlier.record.name}'; add a "
            "version that has the new one"
        )


def _review_marks(found: Review, entry: BoardEntry, earlier: BoardEntry | None) -> None:
    """A withdrawal stays, unless another version takes the place of what was withdrawn."""
    if earlier is None:
        if entry.record.withdrawn:
            found.problems.append(f"{entry.name}: withdrawn before it was accepted")
        return
    corrected = len(entry.record.versions) > len(earlier.record.versions)
    if earlier.record.withdrawn not in {None, entry.record.withdrawn} and not corrected:
        found.problems.append(f"{entry.name}: its withdrawal is changed; it stays")
    elif entry.record.withdrawn and not earlier.record.withdrawn:
        found.added.append(f"{entry.name}: withdrawn: {entry.record.withdrawn.reason}")


def _review_version(
    found: Review, accepted: Path, entry: BoardEntry, number: int, data: Path | None
) -> None:
    """Verify a new version's bundle."""
    where = f"{entry.name}, version {number}"
    bundle = open_bundle(entry.version(number))
    if bundle.record.digest != entry.record.versions[number - 1].digest:
        found.problems.append(f"{where}: {RECORD} has another digest than its bundle")
    title = bundle.manifest.name or entry.name
    if number == len(entry.record.versions) and title != entry.record.name:
        found.problems.append(f"{where}: {RECORD} has another name than its {places.MANIFEST}")
    check_origin(bundle, baselines=False)
    usual = entry_name(bundle)
    if number == 1 and entry.name != usual:
        found.problems.append(f"{where}: its folder must be called {usual}; see: entry add")
    if accepted.is_dir():
        check_new(bundle, accepted, entry.name if number > 1 else None)
    checks = verified(bundle.folder, accepted, data)
    bad = failures(checks)
    found.problems += [f"{where}: {each.check}: {each.detail}" for each in bad]
    if not bad:
        undone = [each.check for each in checks if each.state == "not checked"]
        rest = f"; not checked: {', '.join(undone)}" if undone else ""
        method = bundle.record.method.id
        found.added.append(
            f"{where}: {method} on {bundle.record.track}, {len(checks) - len(undone)} checks{rest}"
        )


def _review_attestation(
    found: Review, entry: BoardEntry, names: set[str], file: str, signers: Path
) -> None:
    """A file beside a bundle is an attestation of it, signed by one whom the board knows."""
    name, (number, *parts) = f"{entry.name}/{file}", PurePosixPath(file).parts
    version = int(number)
    if len(parts) != 2 or parts[0] != ATTESTED or not parts[1].endswith((".json", ".json.sig")):  # noqa: PLR2004
        found.problems.append(f"{name}: added to an accepted version; add a version instead")
        return
    attested = parts[1].removesuffix(".sig")
    if parts[1] != attested:
        # Beside an accepted attestation, a wrong one would take away what it says.
        if f"{version}/{ATTESTED}/{attested}" not in names:
            found.problems.append(f"{name}: not beside a new attestation; add both at once")
        return
    digest = entry.record.versions[version - 1].digest
    known = signers if signers.is_file() else None
    there = read_attestations(entry.version(version), digest, known)
    one = next((each for each in there if each.name == parts[1]), None)
    if one is None:
        found.problems.append(f"{name}: more attestations than can be read")
    elif one.problem or one.attestation is None:
        found.problems.append(f"{name}: {one.problem}")
    elif one.signature.state != "signed":
        found.problems.append(
            f"{name}: no signature of anybody in {SIGNERS}, so nothing shows who made it; sign it "
            "(nnactive-bench sign), or let a maintainer add it"
        )
    else:
        # Anybody can write any name; the signature says whose key it was.
        level = f"{one.attestation.level} by {one.attestation.by} ({one.signature.detail})"
        outcome = one.disagrees or level
        found.added.append(f"{entry.name}, version {version}: {outcome}")


def _files(board: Path) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of each file of a board, without following links.

    Raises:
        UserError: for anything that is neither a folder nor a plain file.
    """
    count = 0
    for folder, names, files in os.walk(board):
        for name in (*names, *files):
            path = Path(folder, name)
            shown = path.relative_to(board).as_posix()
            status = path.lstat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise UserError(f"{shown}: a link or a device, not a file; remove it")
            count += 1
            if count > MOST_FILES:
                raise UserError(f"more than {MOST_FILES:,} files; propose fewer at once")
            if stat.S_ISREG(status.st_mode):
                if status.st_size > LARGEST_FILE:
                    raise UserError(f"{shown}: larger than a file in a bundle may be")
                yield shown, sha256(path)


def _not_theirs(name: str) -> str:
    if name in {str(SIGNERS), str(BASELINES)}:
        return "only maintainers change it; leave it as it is, and open an issue"
    return "not part of an entry; remove it"


def _relative(board: Path, error: UserError) -> str:
    return str(error).replace(f"{board}/", "")


def _shown(line: str) -> str:
    """A line as Markdown that shows it as it is."""
    plain = "".join(each if each.isprintable() else " " for each in line)[:LONGEST]
    return MARKDOWN.sub(r"\\\1", plain)

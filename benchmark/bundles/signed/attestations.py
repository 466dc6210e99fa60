"""The attestations beside an entry's bundle, and the level that they give it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.bundles.bounded import read_bounded
from benchmark.bundles.levels import LEVELS, Attestation, Level
from benchmark.bundles.signed.ssh import Signature, check
from nnactive.errors import UserError

FOLDER: Final = "attestations"
"""Beside the bundle's files; no part of the bundle."""
MOST: Final = 100
"""Attestations that are read."""
LARGEST: Final = 1 << 20


@dataclass(frozen=True)
class Attested:
    """One attestation file: what it says, or why it doesn't count."""

    name: str
    """The file's."""
    attestation: Attestation | None
    signature: Signature
    problem: str = ""
    """Why it is no attestation of this bundle; empty if it is one."""

    @property
    def disagrees(self) -> str:
        """What somebody got otherwise; empty if all that was repeated agrees."""
        found = self.attestation
        wrong = [each for each in found.repeated if not each.agrees] if found else []
        if not (found and wrong):
            return ""
        return f"{found.by} got a different outcome for {wrong[0].setting}, seed {wrong[0].seed}"

    @property
    def counts(self) -> bool:
        """Whether it gives the bundle its level."""
        return not self.problem and not self.disagrees


@dataclass(frozen=True)
class Standing:
    """How far somebody has checked an entry."""

    level: Level
    by: tuple[str, ...] = ()
    """Who did it; empty for `reported`."""
    signed: bool = False
    """Whether one of them signed it with a key that the list of signers has."""


def read_attestations(
    bundle: Path, digest: str, signers: Path | None = None
) -> tuple[Attested, ...]:
    """The attestations of a bundle, by file name; broken ones come with their problem.

    Args:
        bundle: the bundle's folder.
        digest: the bundle's (`BundleRecord.digest`).
        signers: list of allowed signers; None: no signature shows whose it is.
    """
    files = sorted(path for path in (bundle / FOLDER).glob("*.json") if path.suffix == ".json")
    return tuple(_read(path, digest, signers) for path in files[:MOST])


def standing(attested: Iterable[Attested]) -> Standing:
    """The highest level at which the bundle's figures or queries were got again.

    Where one of that level is signed, the others' names, which anybody can write, aren't shown.
    """
    counted = [each for each in attested if each.counts]
    for level in reversed(LEVELS):
        at = [each for each in counted if each.attestation and each.attestation.level == level]
        if at and level != LEVELS[0]:
            sure = [each for each in at if each.signature.state == "signed"]
            names = dict.fromkeys(each.attestation.by for each in sure or at if each.attestation)
            return Standing(level, tuple(names), bool(sure))
    return Standing(LEVELS[0])


def _read(path: Path, digest: str, signers: Path | None) -> Attested:
    nothing = Signature("unsigned", "not signed")
    try:
        found = read_bounded(path, Attestation, LARGEST)
        signature = check(path, signers)
    except UserError as error:
        return Attested(path.name, None, nothing, str(error))
    return Attested(path.name, found, signature, _problem(found, digest, signature))


def _problem(found: Attestation, digest: str, signature: Signature) -> str:
    if signature.state == "wrong":
        return signature.detail
    if found.bundle != digest:
        return f"for another bundle, {found.bundle[:16]}..."
    if not found.by.strip() or not found.by.isprintable():
        return "names nobody"
    return "" if found.repeated else "repeated nothing"

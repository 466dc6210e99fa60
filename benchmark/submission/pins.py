"""Requirements pinned to one version, and the lock file whose versions they must not change."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

import nnactive

BENCHMARK: Final = "nnactive-bench"
LOCK: Final = "requirements.lock"
LONGEST: Final = 200
"""Largest number of characters of a requirement."""
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class Pin:
    """One requirement in its normal form."""

    name: str
    """Normalized as in PEP 503: lower case, hyphens."""
    extras: tuple[str, ...]
    version: str

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"

    def is_met_by(self, version: str) -> bool:
        """Whether an installed version is this one, whatever its local part, such as ``+cu130``."""
        return SpecifierSet(f"=={self.version}").contains(version, prereleases=True)


def pin(text: str) -> Pin:
    """Parse a requirement that a user wrote.

    Raises:
        ValueError: anything but ``name==version``; the message names it and says what to write.
    """
    shown = repr(text if len(text) <= LONGEST else f"{text[:60]}...")
    if text.lstrip().startswith("-"):
        raise ValueError(f"{shown} is a pip option; list only packages, each name==version")
    try:
        found = None if len(text) > LONGEST else Requirement(text)
    except InvalidRequirement:
        found = None
    if found is None:
        raise ValueError(f"{shown} is not name==version, such as einops==0.8.2")
    if found.url:
        raise ValueError(f"{shown} is a file or a URL; pin a version from the package index")
    if found.marker:
        raise ValueError(f"{shown} has a condition; all images have the same Python, so remove it")
    version = _version(found)
    if version is None:
        raise ValueError(f"{shown} is not pinned to one version; write {found.name}==VERSION")
    name = canonicalize_name(found.name)
    if name == BENCHMARK:
        raise ValueError(f"{shown} is the benchmark itself, which is always installed; remove it")
    return Pin(name, tuple(sorted({canonicalize_name(extra) for extra in found.extras})), version)


def _version(requirement: Requirement) -> str | None:
    """The only version that it allows; None if there may be others."""
    parts = list(requirement.specifier)
    if len(parts) != 1 or parts[0].operator != "==":
        return None
    try:
        return str(Version(parts[0].version))
    except InvalidVersion:
        return None  # 1.*


def installed() -> dict[str, str]:
    """Versions of the packages installed in this Python, by name."""
    found: dict[str, str] = {}
    for each in metadata.distributions():
        if each.metadata["Name"]:
            found.setdefault(canonicalize_name(each.metadata["Name"]), each.version)
    return found


def locked(lock: Path) -> dict[str, str]:
    """Versions in a lock file, by name."""
    text = lock.read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in LOCKED.findall(text)}


@cache
def locked_packages() -> frozenset[str]:
    """Names of the packages that the benchmark comes with.

    From the lock file or, installed from a wheel, from what the packages say that they require.
    """
    lock = Path(nnactive.__file__).parents[1] / LOCK
    if lock.is_file():
        return frozenset({*locked(lock), BENCHMARK})
    found, waiting = set[str](), [BENCHMARK]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += required_by(name)
    return frozenset(found)


def required_by(name: str) -> list[str]:
    """Names of the packages that an installed package requires, without its extras."""
    try:
        listed = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = [Requirement(each) for each in listed]
    return [
        canonicalize_name(each.name)
        for each in wanted
        if not each.marker or each.marker.evaluate({"extra": ""})
    ]


def unmet(pins: tuple[Pin, ...], there: Mapping[str, str]) -> list[Pin]:
    """The pins that the versions ``there``, by name, don't meet."""
    return [each for each in pins if each.name not in there or not each.is_met_by(there[each.name])]

"""Requirements pinned to one version, and the lock that they must not change."""

import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

BENCHMARK: Final = "nnactive-bench"
LONGEST: Final = 200
"""Characters of a requirement."""
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Pin(NamedTuple):
    """One requirement, in the form that is the same however it was written."""

    name: str
    """As PEP 503 has it: small letters and hyphens."""
    extras: tuple[str, ...]
    version: str

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"

    def is_met_by(self, version: str) -> bool:
        """Whether an installed version is this one; a local part such as ``+cu130`` may follow."""
        return SpecifierSet(f"=={self.version}").contains(version, prereleases=True)


def pin(text: str) -> Pin:
    """The requirement that a user wrote.

    Raises:
        ValueError: what is wrong with it, by name, and the way out.
    """
    shown = repr(text if len(text) <= LONGEST else f"{text[:60]}...")
    if text.lstrip().startswith("-"):
        raise ValueError(f"{shown} is an option of pip; give packages alone, each name==version")
    try:
        found = None if len(text) > LONGEST else Requirement(text)
    except InvalidRequirement:
        found = None
    if found is None:
        raise ValueError(f"{shown} isn't name==version, such as einops==0.8.2")
    if found.url:
        raise ValueError(f"{shown} is a file or an address; pin what is on the package index")
    if found.marker:
        raise ValueError(f"{shown} has a condition; all images have one Python, so leave it out")
    version = _version(found)
    if version is None:
        raise ValueError(f"{shown} isn't pinned to one version; write {found.name}==VERSION")
    name = canonicalize_name(found.name)
    if name == BENCHMARK:
        raise ValueError(f"{shown} is the benchmark itself, which is always there; leave it out")
    return Pin(name, tuple(sorted({canonicalize_name(extra) for extra in found.extras})), version)


def _version(requirement: Requirement) -> str | None:
    """The one version that is allowed."""
    parts = list(requirement.specifier)
    if len(parts) != 1 or parts[0].operator != "==":
        return None
    try:
        return str(Version(parts[0].version))
    except InvalidVersion:
        return None  # 1.*


def installed() -> dict[str, str]:
    """Versions of what this Python has, by name."""
    found: dict[str, str] = {}
    for each in metadata.distributions():
        if each.metadata["Name"]:
            found.setdefault(canonicalize_name(each.metadata["Name"]), each.version)
    return found


def locked(lock: Path) -> dict[str, str]:
    """Versions that a lock file fixes, by name."""
    text = lock.read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in LOCKED.findall(text)}


def unmet(pins: tuple[Pin, ...], there: Mapping[str, str]) -> list[Pin]:
    """Those of the pins that aren't among the versions ``there``."""
    return [each for each in pins if each.name not in there or not each.is_met_by(there[each.name])]

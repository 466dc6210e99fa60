"""Compare what pip would install with the lock, before anything is installed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field

from benchmark.submission.pins import Pin, pin
from benchmark.submission.requirements import MANIFEST
from nnactive.errors import UserError

SHA256: Final = re.compile(r"[0-9a-f]{64}")


class _Loose(BaseModel):
    """Part of pip's report, which has more fields than are read here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Archive(_Loose):
    """A file's hashes by algorithm."""

    hashes: dict[str, str] = Field(default_factory=dict)


class Download(_Loose):
    """Where pip would download from."""

    url: str
    archive_info: Archive = Archive()


class Metadata(_Loose):
    """A package's metadata."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()


class Item(_Loose):
    """One package that pip would install."""

    download_info: Download
    metadata: Metadata
    is_direct: bool = False
    requested: bool = False
    requested_extras: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Normalized as in PEP 503."""
        return canonicalize_name(self.metadata.name)

    def needs(self) -> Iterator[Requirement]:
        """Its dependencies, including those of the requested extras."""
        for text in self.metadata.requires_dist:
            try:
                found = Requirement(text)
            except InvalidRequirement:
                continue
            extras = ("", *self.requested_extras)
            if not found.marker or any(found.marker.evaluate({"extra": each}) for each in extras):
                yield found


class Report(_Loose):
    """What ``pip install --dry-run --report`` writes; https://pip.pypa.io/en/stable/reference."""

    install: tuple[Item, ...]


class Wheel(NamedTuple):
    """One file to install."""

    requirement: str
    """``name==version``."""
    sha256: str


def check_pins(pins: Sequence[Pin], locked: Mapping[str, str]) -> None:
    """Refuse a requirement that would change a locked version.

    Args:
        pins: the submission's requirements.
        locked: versions that must stay, by name.

    Raises:
        UserError: names both versions.
    """
    for each in pins:
        there = locked.get(each.name)
        if there is not None and not each.is_met_by(there):
            raise UserError(
                f"{MANIFEST}: {each} would change {each.name}, which is locked at {there}; "
                "use that version or remove it"
            )


def judge(report: Report, locked: Mapping[str, str]) -> tuple[Wheel, ...]:
    """The files to install: exactly those that pip reported, sorted by name.

    Args:
        report: what pip would install.
        locked: versions that must stay, by name.

    Raises:
        UserError: if one would change a locked version, or isn't a wheel on a package index.
    """
    return tuple(sorted(_wheel(item, report, locked) for item in report.install))


def _wheel(item: Item, report: Report, locked: Mapping[str, str]) -> Wheel:
    there = locked.get(item.name)
    text = f"{item.name}=={item.metadata.version}"
    try:
        found = pin(text)
        same = there is None or Version(there) == Version(found.version)
    except (ValueError, InvalidVersion):
        raise UserError(
            f"{MANIFEST}: pip would install {text!r:.100}; remove what depends on it"
        ) from None
    if not same:
        raise UserError(
            f"{MANIFEST}: {_because(item.name, report) or f'it brings in {found}'}, which would "
            f"change {item.name}, locked at {there}; pin a version that is compatible with it, "
            "or remove it"
        )
    digest = item.download_info.archive_info.hashes.get("sha256", "")
    file = item.download_info.url.partition("#")[0]
    if item.is_direct or not file.endswith(".whl") or not SHA256.fullmatch(digest):
        raise UserError(f"{MANIFEST}: {found} is not a wheel on the package index; remove it")
    return Wheel(str(found), digest)


def _because(name: str, report: Report) -> str:
    """Which requirement depends on a package, through which others; empty if none is known."""
    items = {item.name: item for item in report.install}
    ways: list[tuple[Item, ...]] = [(item,) for item in report.install if item.requested]
    seen = {way[-1].name for way in ways}
    for way in ways:
        for need in way[-1].needs():
            wanted = canonicalize_name(need.name)
            if wanted == name:
                top, *between = [f"{each.name}=={each.metadata.version}" for each in way]
                via = f" via {', '.join(between)}" if between else ""
                return f"{top} needs {need.name}{need.specifier}{via}"
            if wanted in items and wanted not in seen:
                seen.add(wanted)
                ways.append((*way, items[wanted]))
    return ""

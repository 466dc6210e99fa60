"""Judges what pip would install against what the lock fixes, before anything is installed."""

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
    """Pip's own file: it may have more fields than are read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Archive(_Loose):
    """The file's hashes by algorithm."""

    hashes: dict[str, str] = Field(default_factory=dict)


class Download(_Loose):
    """Where pip would fetch from."""

    url: str
    archive_info: Archive = Archive()


class Metadata(_Loose):
    """What a package says of itself."""

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
        """As PEP 503 has it."""
        return canonicalize_name(self.metadata.name)

    def needs(self) -> Iterator[Requirement]:
        """What it asks for, with the extras that were asked of it."""
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
    """One file that is to be installed."""

    requirement: str
    """``name==version``."""
    sha256: str


def check_pins(pins: Sequence[Pin], fixed: Mapping[str, str]) -> None:
    """Refuse a requirement that would change a fixed version.

    Args:
        pins: what the submission asks for.
        fixed: versions that must stay, by name.

    Raises:
        UserError: names both versions.
    """
    for each in pins:
        there = fixed.get(each.name)
        if there is not None and not each.is_met_by(there):
            raise UserError(
                f"{MANIFEST}: {each} would change {each.name} {there}, which the lock fixes; "
                "use that version, or leave it out"
            )


def judge(report: Report, fixed: Mapping[str, str]) -> tuple[Wheel, ...]:
    """The files that may be installed: exactly those that pip reported, sorted by name.

    Args:
        report: what pip would install.
        fixed: versions that must stay, by name.

    Raises:
        UserError: if one would change a fixed version, or isn't a wheel of a package index.
    """
    return tuple(sorted(_wheel(item, report, fixed) for item in report.install))


def _wheel(item: Item, report: Report, fixed: Mapping[str, str]) -> Wheel:
    there = fixed.get(item.name)
    text = f"{item.name}=={item.metadata.version}"
    try:
        found = pin(text)
        same = there is None or Version(there) == Version(found.version)
    except (ValueError, InvalidVersion):
        raise UserError(f"{MANIFEST}: pip would install {text!r:.100}; do without it") from None
    if not same:
        raise UserError(
            f"{MANIFEST}: {_because(item.name, report) or f'it takes {found}'}, which would change "
            f"{item.name} {there}, which the lock fixes; pin a version that goes with it, "
            "or do without"
        )
    digest = item.download_info.archive_info.hashes.get("sha256", "")
    file = item.download_info.url.partition("#")[0]
    if item.is_direct or not file.endswith(".whl") or not SHA256.fullmatch(digest):
        raise UserError(f"{MANIFEST}: {found} isn't a wheel of the package index; do without it")
    return Wheel(str(found), digest)


def _because(name: str, report: Report) -> str:
    """Which of the requirements brings a package in, over which others; empty if none says."""
    items = {item.name: item for item in report.install}
    ways: list[tuple[Item, ...]] = [(item,) for item in report.install if item.requested]
    seen = {way[-1].name for way in ways}
    for way in ways:
        for need in way[-1].needs():
            wanted = canonicalize_name(need.name)
            if wanted == name:
                top, *between = [f"{each.name}=={each.metadata.version}" for each in way]
                over = f" over {', '.join(between)}" if between else ""
                return f"{top} needs {need.name}{need.specifier}{over}"
            if wanted in items and wanted not in seen:
                seen.add(wanted)
                ways.append((*way, items[wanted]))
    return ""

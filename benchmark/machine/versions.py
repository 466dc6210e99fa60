"""Findings on what is installed: the image, its lock file, and the packages that this pins."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.machine.findings import Finding
from nnactive.io.files import sha256

if TYPE_CHECKING:
    from benchmark.results import ImageUsed


def image_finding(used: "ImageUsed | None") -> Finding:
    """The image by variant and digest, as results record it."""
    if used is None:
        return Finding("image", "ok", "none: outside a container")
    added = f", with {len(used.requirements)} packages of a submission" if used.requirements else ""
    if used.digest is None:
        detail = (
            f"{used.variant}{added}, digest unknown: results will not say which image made them; "
            "set NNACTIVE_IMAGE_DIGEST"
        )
        return Finding("image", "note", detail)
    return Finding("image", "ok", f"{used.variant}{added}, {used.digest}")


def lock_finding(lock: Path, expected: str) -> Finding:
    """Whether an image's lock file has the SHA-256 that its build recorded."""
    way_out = "build the image again, or use the one that its digest names"
    if not lock.is_file():
        return Finding("lock", "FAILED", f"{lock}: missing in this image; {way_out}")
    found = sha256(lock)
    if found != expected:
        return Finding(
            "lock",
            "FAILED",
            f"{lock}: not the one that this image was built with (SHA-256 {found[:12]} instead of "
            f"{expected[:12]}); {way_out}",
        )
    return Finding("lock", "ok", f"{lock}: the one that this image was built with")


def versions_finding(lock: Path | None, *, inside: bool) -> Finding:
    """Whether every package of a lock file is installed in the version that it pins.

    Args:
        lock: the lock file; None: installed from a wheel, which has none.
        inside: whether this is in an image.
    """
    if lock is None or not lock.is_file():
        cause = f"{lock}: no such file" if lock else "installed from a wheel, without the lock file"
        return Finding("versions", "note", f"{cause}, so the versions can't be compared")
    from benchmark.submission.pins import locked

    pinned = locked(lock)
    wrong = differences(pinned, installed(pinned))
    if not wrong:
        return Finding("versions", "ok", f"{len(pinned)} packages as {lock} pins them")
    way_out = "build the image again" if inside else "remove .venv and run make venv"
    return Finding("versions", "FAILED", f"{lock}: {', '.join(wrong)}; {way_out}")


def installed(names: Iterable[str]) -> dict[str, str]:
    """The installed version of each of these packages that is installed."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def differences(pinned: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Packages that are missing, or installed in another version than pinned, a phrase each."""
    from packaging.specifiers import SpecifierSet

    found = []
    for name, version in pinned.items():
        if name not in there:
            found.append(f"{name} {version} is missing")
        elif there[name] not in SpecifierSet(f"=={version}", prereleases=True):
            found.append(f"{name} is {there[name]} instead of {version}")
    return found

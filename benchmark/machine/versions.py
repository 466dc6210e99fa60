"""What is installed against what the lock file pins, and the lock file against the image."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from benchmark.machine.findings import Finding
from nnactive.io.files import sha256

LOCK = "requirements.lock"


def installed(names: Iterable[str]) -> dict[str, str]:
    """The version of each of these packages that is installed."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def differences(pinned: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Every package that isn't there as pinned, in words."""
    from packaging.specifiers import SpecifierSet

    told = []
    for name, version in pinned.items():
        if name not in there:
            told.append(f"{name} {version} is missing")
        elif there[name] not in SpecifierSet(f"=={version}", prereleases=True):
            told.append(f"{name} is {there[name]} instead of {version}")
    return told


def versions_finding(lock: Path, *, inside: bool) -> Finding:
    """Whether each package of a lock file is installed in the version that it pins."""
    if not lock.is_file():
        detail = f"{lock}: no such file, so the versions can't be compared"
        return Finding("versions", "note", detail)
    from benchmark.submission.pins import locked

    pinned = locked(lock)
    wrong = differences(pinned, installed(pinned))
    if not wrong:
        return Finding("versions", "ok", f"{len(pinned)} packages as {lock} pins them")
    way_out = "build the image again" if inside else "remove .venv and run make venv"
    return Finding("versions", "FAILED", f"{lock}: {', '.join(wrong)}; {way_out}")


def lock_finding(lock: Path, expected: str) -> Finding:
    """Whether the lock file in an image is the one whose SHA-256 its build wrote down."""
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

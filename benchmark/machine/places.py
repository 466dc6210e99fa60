"""Findings on the folders of data, runs and temporary files, and the mounts that bring them in."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.image import record
from benchmark.machine.findings import Finding
from nnactive.errors import FULL
from nnactive.io.formatting import size

LITTLE: Final = 5 << 30
"""Free bytes below which a disk is likely to be full soon."""
DENIED: Final = {errno.EACCES, errno.EPERM}
MOUNTS: Final = Path("/proc/self/mountinfo")
ESCAPED: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Place:
    """A folder, and how the user names another one."""

    what: str
    folder: Path
    option: str
    """Names the folder outside an image."""
    mounts: AbstractSet[Path] | None
    """Mount points of the image; None: outside an image."""

    @property
    def missing_mount(self) -> bool:
        """Whether it lies in the image itself, and is gone with the container."""
        return self.mounts is not None and not is_mounted(self.folder, self.mounts)


def image_mounts() -> AbstractSet[Path] | None:
    """Mount points of the image that this runs in; None outside an image."""
    return mount_points() if (record.HOME / record.FILE).is_file() else None


def mount_points(table: Path = MOUNTS) -> frozenset[Path]:
    """Where something is mounted, except the root, which every container has."""
    lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    # A line's fifth field, with blanks in octal: proc(5).
    names = [fields[4] for fields in map(str.split, lines) if fields]
    points = {Path(ESCAPED.sub(lambda found: chr(int(found[1], 8)), name)) for name in names}
    return frozenset(points - {Path("/")})


def is_mounted(folder: Path, points: AbstractSet[Path]) -> bool:
    """Whether a folder, or one above it, is a mount point."""
    whole = folder.absolute()
    return any(place in points for place in (whole, *whole.parents))


def mount_flags(folder: Path, *, read_only: bool = False) -> str:
    """The flags that mount a folder of the host."""
    ending = ":ro" if read_only else ""
    return f"--volume DIR:{folder}{ending} (Docker), --bind DIR:{folder}{ending} (Apptainer)"


def write_problem(folder: Path) -> OSError | None:
    """Why a folder, or the one that it would be made in, can't be written; None: it can.

    This makes a file without a name, as neither permissions nor mount options tell for sure.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
    except OSError as error:
        return error
    return None


def writable_finding(place: Place) -> Finding:
    """Whether a folder can be written."""
    folder = place.folder
    if place.missing_mount:
        return Finding(place.what, "FAILED", f"{folder}: not mounted; add {mount_flags(folder)}")
    problem = write_problem(folder)
    if problem is not None:
        return Finding(place.what, "FAILED", _not_writable(place, problem))
    there = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
    free = shutil.disk_usage(there).free
    detail = f"{folder}: writable, {size(free)} free"
    if free < LITTLE:
        return Finding(place.what, "note", f"{detail}, which is little")
    return Finding(place.what, "ok", detail)


def readable_finding(place: Place, *, needed: bool) -> Finding:
    """Whether a folder can be read; an absent one fails only if it is needed."""
    folder = place.folder
    mount = mount_flags(folder, read_only=True)
    if place.missing_mount:
        detail = f"{folder}: not mounted; for the prepared datasets add {mount}"
        return Finding(place.what, "FAILED" if needed else "note", detail)
    try:
        next(folder.iterdir(), None)
    except FileNotFoundError:
        detail = f"{folder}: no such folder yet; nnactive-bench data prepare makes it"
        return Finding(place.what, "note", detail)
    except OSError:
        user = os.geteuid()
        way_out = f"mount a folder that user {user} may read: {mount}"
        if place.mounts is None:
            way_out = f"allow it or choose another folder with {place.option}"
        detail = f"{folder}: not a folder that user {user} may read; {way_out}"
        return Finding(place.what, "FAILED", detail)
    free = shutil.disk_usage(folder).free
    return Finding(place.what, "ok", f"{folder}: readable, {size(free)} free")


def datasets_finding(data: Path) -> Finding:
    """Prepared and partly prepared datasets by name; no volume is read."""
    from nnactive.data.cards import list_cards, load_card
    from nnactive.data.state import State, state
    from nnactive.errors import UserError

    found: dict[State, list[str]] = {}
    try:
        for name in list_cards():
            found.setdefault(state(load_card(name), data), []).append(name)
    except (OSError, UserError) as error:
        return Finding("datasets", "FAILED", str(error))
    present = [f"{', '.join(names)} {how}" for how, names in found.items() if how.on_disk]
    if not present:
        detail = f"none in {data}; phantom generates itself, nnactive-bench data list shows all"
        return Finding("datasets", "note", detail)
    return Finding("datasets", "ok", "; ".join(present))


def _not_writable(place: Place, problem: OSError) -> str:
    folder, user = place.folder, os.geteuid()
    if problem.errno in FULL:
        return f"{folder}: disk full; free some space"
    way_out = f"mount a folder that user {user} may write: {mount_flags(folder)}"
    if place.mounts is None:
        way_out = f"allow it or choose another folder with {place.option}"
    causes = {errno.EROFS: "read-only", **dict.fromkeys(DENIED, f"not writable for user {user}")}
    cause = causes.get(problem.errno or 0, str(problem.strerror).lower())
    return f"{folder}: {cause}; {way_out}"

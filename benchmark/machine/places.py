"""The folders of data, runs and temporary files: there, readable or writable, with free space."""

import errno
import os
import shutil
import tempfile
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from benchmark.machine.findings import Finding
from benchmark.machine.mounts import flags, is_mounted
from nnactive.errors import FULL
from nnactive.io.formatting import size

LITTLE = 5 << 30
"""Free bytes below which a disk is likely to be full soon."""
DENIED = {errno.EACCES, errno.EPERM}


class Place(NamedTuple):
    """A folder, and how a user gives another."""

    what: str
    folder: Path
    option: str
    """Says outside an image what folder it is."""
    mounts: AbstractSet[Path] | None
    """Where an image has mounts; None: outside an image."""

    @property
    def missing_mount(self) -> bool:
        """Whether it lies in the image itself, and is gone with the container."""
        return self.mounts is not None and not is_mounted(self.folder, self.mounts)


def write_problem(folder: Path) -> OSError | None:
    """Why nothing can be written to a folder, or to what it would be made in; None: it can.

    A file without a name is made, as neither rights nor mount options tell it all.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
    except OSError as error:
        return error
    return None


def writable_finding(place: Place) -> Finding:
    """Whether a folder can be written to."""
    folder = place.folder
    if place.missing_mount:
        return Finding(place.what, "FAILED", f"{folder}: not mounted; add {flags(folder)}")
    problem = write_problem(folder)
    if problem is not None:
        return Finding(place.what, "FAILED", _not_writable(place, problem))
    there = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
    free = shutil.disk_usage(there).free
    detail = f"{folder}: can be written, {size(free)} free"
    if free < LITTLE:
        return Finding(place.what, "note", f"{detail}, which is little")
    return Finding(place.what, "ok", detail)


def readable_finding(place: Place, *, needed: bool) -> Finding:
    """Whether a folder can be read; where it is absent, that fails only if it is needed."""
    folder = place.folder
    mount = flags(folder, read_only=True)
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
        detail = f"{folder}: no folder that user {user} may read; {way_out}"
        return Finding(place.what, "FAILED", detail)
    free = shutil.disk_usage(folder).free
    return Finding(place.what, "ok", f"{folder}: can be read, {size(free)} free")


def _not_writable(place: Place, problem: OSError) -> str:
    folder, user = place.folder, os.geteuid()
    if problem.errno in FULL:
        return f"{folder}: disk full; free some space"
    way_out = f"mount a folder that user {user} may write: {flags(folder)}"
    if place.mounts is None:
        way_out = f"allow it or choose another folder with {place.option}"
    causes = {errno.EROFS: "read-only", **dict.fromkeys(DENIED, f"not writable for user {user}")}
    cause = causes.get(problem.errno or 0, str(problem.strerror).lower())
    return f"{folder}: {cause}; {way_out}"

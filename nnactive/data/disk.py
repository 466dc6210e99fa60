"""Free disk space, and the one error that says there is too little."""

import shutil
from pathlib import Path

from nnactive.errors import UserError
from nnactive.io.formatting import size


class NoRoomError(UserError):
    """The disk is full, or too full for what is to be written."""


def free(place: Path) -> int:
    """Free bytes on the disk of ``place``, which need not exist yet."""
    there = next(path for path in (place, *place.absolute().parents) if path.is_dir())
    return shutil.disk_usage(there).free


def require(place: Path, needed: int, available: int, what: str, way_out: str) -> None:
    """Refuse work for which the disk of ``place`` is too full.

    Args:
        place: where the files will go; named in the error.
        needed: bytes.
        available: free bytes.
        what: how the need is worded, such as "needs up to".
        way_out: what the user can do.

    Raises:
        NoRoomError: ``needed`` exceeds ``available``.
    """
    if needed > available:
        raise NoRoomError(
            f"{place}: {what} {size(needed)}, with only {size(available)} free; {way_out}"
        )

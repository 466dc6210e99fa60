"""Folders of a container that come from outside, and the flags that bring them in."""

import re
from collections.abc import Set as AbstractSet
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")
ESCAPED = re.compile(r"\\([0-7]{3})")


def mount_points(table: Path = TABLE) -> frozenset[Path]:
    """Where something is mounted; the root, which a container has of its own, is left out."""
    lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    # A line's fifth field, its blanks in octal: proc(5).
    names = [fields[4] for fields in map(str.split, lines) if fields]
    points = {Path(ESCAPED.sub(lambda found: chr(int(found[1], 8)), name)) for name in names}
    return frozenset(points - {Path("/")})


def is_mounted(folder: Path, points: AbstractSet[Path]) -> bool:
    """Whether a folder, or one above it, comes from outside."""
    whole = folder.absolute()
    return any(place in points for place in (whole, *whole.parents))


def flags(folder: Path, *, read_only: bool = False) -> str:
    """The flags that mount a folder of the host."""
    ending = ":ro" if read_only else ""
    return f"--volume DIR:{folder}{ending} (Docker), --bind DIR:{folder}{ending} (Apptainer)"

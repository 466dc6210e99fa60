"""What is unusual about a raw file and yet no reason to refuse it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Note:
    """One peculiarity of one file."""

    kind: str
    """``format``, ``geometry``, ``voxel size`` or ``labels``."""
    what: str
    """What was found and what is done about it."""
    file: Path

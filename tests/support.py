"""What test modules share beside fixtures."""

from dataclasses import dataclass
from pathlib import Path

SEED = 7


@dataclass(frozen=True)
class Loop:
    """Outputs of one loop's steps."""

    query: Path
    train: Path
    members: list[Path]

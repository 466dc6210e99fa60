"""A result that could be read, with where it comes from."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmark.bundles.levels import Level
from benchmark.results import MethodRecord
from benchmark.submission.about.fields import About
from leaderboard.read.facts import Facts


@dataclass(frozen=True)
class Entry:
    """The version of an entry on the public board that counts."""

    name: str
    version: int
    method: MethodRecord
    """Of all its results."""
    level: Level
    """How far somebody has checked it."""
    checks: tuple[str, ...] = ()
    """Who repeated it, one per line."""
    about: About = field(default_factory=About)
    """What its authors say about it."""

    @property
    def title(self) -> str:
        """As its methods' cards show it."""
        return f"{self.name}, version {self.version}"


@dataclass(frozen=True)
class Found:
    """A result with valid fields that doesn't contradict itself."""

    label: str
    """Its file, as messages name it."""
    result: Facts
    vouched: bool = False
    """Whether a seal or the benchmark's own list vouches for it."""
    entry: Entry | None = None
    """Whose it is on the public board; None: from the folders of runs."""
    path: Path | None = None
    """Its file, if that is from the folders of runs."""

    @property
    def builtin(self) -> bool:
        """Whether it says that its method comes with the benchmark."""
        return self.result.method.origin == "builtin"

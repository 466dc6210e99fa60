"""A method's card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Badge = Literal[
    "baseline", "submission", "published", "oracle",
    "reported", "replayed", "re-run",
    "not isolated", "isolation unknown",
    "tuned on roll-out", "extra data", "pretrained",
    "incomplete", "failed", "outdated protocol",
]  # fmt: skip


@dataclass(frozen=True)
class Entrant:
    """A method that has entered a league, as its card shows it."""

    key: str
    """Unique on the page, safe in HTML, CSS and URLs (``m-001``)."""
    league: str
    """Key of its league."""
    id: str
    name: str
    description: str
    reference: str
    """Where the method was published; empty if unknown."""
    oracle: bool | None
    """Whether it uses ground truth; None: its work doesn't say."""
    badges: tuple[Badge, ...]
    source_hash: str
    """Empty for published methods."""
    parameters: Mapping[str, str]
    environments: tuple[str, ...]
    """Machines and versions, one per line; empty for published methods."""
    problems: tuple[str, ...]
    """Failures with their reason, missing seeds, loops and settings, one per line."""
    command: str
    """The command that reproduces it; empty for published methods."""
    entry: str = ""
    """Its entry on the public board with the version; empty: not from there."""
    checks: tuple[str, ...] = ()
    """Who repeated which experiments of the entry, one per line."""
    about: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the entry's authors say about it: lines by heading."""

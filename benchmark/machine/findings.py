"""What was found out about one thing."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

State = Literal["ok", "note", "FAILED"]


class Finding(NamedTuple):
    """One thing that a run needs."""

    what: str
    """The thing, in a word or two."""
    state: State
    """note: a run does without; FAILED: it would fail, or its results would mislead."""
    detail: str
    """A line that can stand alone; of what failed it says the way out."""


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Those that failed."""
    return [finding for finding in findings if finding.state == "FAILED"]

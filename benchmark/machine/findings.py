"""The result of one check of the machine; every module of checks returns these."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "FAILED"]


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    what: str
    """What was checked, in a word or two."""
    state: State
    """note: a run works without it; FAILED: a run would fail, or its results would mislead."""
    detail: str
    """One line that stands alone; where the check failed it gives the way out."""


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose state is FAILED."""
    return [finding for finding in findings if finding.state == "FAILED"]

"""What became of each patch in an import."""

from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["imported", "corrected", "kept", "open", "refused"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("imported", "corrected", "kept", "open", "refused")
"""New; new, of a patch that had an import; nothing new; not labelled yet; something is wrong."""


@dataclass(frozen=True)
class Line:
    """What became of one patch, or of one file that belongs to none."""

    round: str
    """``round_03``; empty: a file from elsewhere that fits no patch."""
    patch: str | None
    case: str | None
    outcome: Outcome
    text: str
    """For ``refused``: file: cause; way out. Else what was taken, or why nothing was."""


@dataclass(frozen=True)
class Report:
    """What an import did."""

    lines: tuple[Line, ...]
    """In order of rounds and patches, refused files after their patch."""
    warnings: tuple[str, ...]
    """What was imported and yet looks odd: patch, place, what it is."""
    ask: str | None
    """What to do about patches that are as they were written; None: there are none."""

    def of(self, outcome: Outcome) -> tuple[Line, ...]:
        """The lines of one outcome."""
        return tuple(line for line in self.lines if line.outcome == outcome)

    @property
    def exit_code(self) -> int:
        """2 if a file or an option was refused, which the person has to fix."""
        return 2 if self.of("refused") else 0

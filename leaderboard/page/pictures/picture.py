"""One figure of the page, and words that captions share."""

from dataclasses import dataclass

from leaderboard.figures.styles import MOST


@dataclass(frozen=True)
class Picture:
    """One figure of the page."""

    kind: str
    """Kind of chart; the script draws those in ``figures.charts``."""
    key: str
    """Unique on the page; also the name of its file."""
    caption: str
    svg: str
    part: str = ""
    """Which of several of its kind: a metric, a setting, or a matrix's number."""


def shown_of(number: int, order: str, most: int = MOST, what: str = "methods") -> str:
    """What a figure of more than ``most`` things shows, as the end of its caption; else empty.

    >>> shown_of(300, "by rank"), shown_of(20, "by rank")
    (' Shown: the first 20 of 300 methods by rank.', '')
    """
    return f" Shown: the first {most} of {number} {what} {order}." if number > most else ""

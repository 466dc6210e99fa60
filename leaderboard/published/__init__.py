"""The two papers' figures as data: rows of their tables, and the leagues they form."""

from leaderboard.published.load import Study, StudySetting, bibliography, studies
from leaderboard.published.rows import PublishedRow, rows, used

__all__ = [
    "PublishedRow",
    "Study",
    "StudySetting",
    "bibliography",
    "rows",
    "studies",
    "used",
]

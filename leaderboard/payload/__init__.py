"""The board as JSON: for the page's script, for downloads, and as a long table."""

from leaderboard.payload.board import board_json, dump, to_json
from leaderboard.payload.details import details_json
from leaderboard.payload.long import LONG_COLUMNS, long_rows
from leaderboard.payload.rows import ROW, STATUSES
from leaderboard.payload.split import rows_by_method, split

__all__ = [
    "LONG_COLUMNS",
    "ROW",
    "STATUSES",
    "board_json",
    "details_json",
    "dump",
    "long_rows",
    "rows_by_method",
    "split",
    "to_json",
]

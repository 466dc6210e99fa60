"""The board as compact JSON: what the page's script reads, and what a reader downloads."""

from leaderboard.island.content import dump, island, to_json
from leaderboard.island.long import LONG_COLUMNS, long_rows
from leaderboard.island.rows import ROW

__all__ = ["LONG_COLUMNS", "ROW", "dump", "island", "long_rows", "to_json"]

"""From folders of results to the page."""

from collections.abc import Sequence
from pathlib import Path

from leaderboard.board import Board, make_board
from leaderboard.entries import load_entries
from nnactive.errors import UserError
from nnactive.files import write_text


def build(results: Sequence[Path], out: Path) -> Board:
    """Write the page for all ``result.json`` under ``results`` to ``out``, atomically.

    The same results give the same bytes, whatever the order of files and the clock.

    Raises:
        UserError: A given path does not exist, or no result file lies under any.
    """
    entries = load_entries(results)
    if not entries.results and not entries.left_out:
        places = ", ".join(str(path) for path in results) or "no folder given"
        raise UserError(f"{places}: no result.json in there; run a track first")
    board = make_board(entries)
    from leaderboard.page import render

    write_text(out, render(board))
    return board

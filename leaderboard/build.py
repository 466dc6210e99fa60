"""From folders of results to the board and its page."""

from collections.abc import Sequence
from pathlib import Path

from leaderboard.entries import load_entries
from leaderboard.model import Board
from nnactive.errors import UserError
from nnactive.io.files import write_text


def load_board(results: Sequence[Path], *, published: bool = False, strict: bool = False) -> Board:
    """The board of all ``result.json`` under ``results``.

    Args:
        results: folders, searched recursively, and files.
        published: whether to add leagues of the papers' figures.
        strict: refuse the first file that would be left out.

    Raises:
        UserError: A given path does not exist, there is nothing to show, or (strict) a file would
            be left out.
    """
    entries = load_entries(results, strict=strict)
    if not entries.results and not entries.left_out and not published:
        places = ", ".join(map(str, results))
        if not places:
            raise UserError("no folder given; name one with --results")
        raise UserError(f"{places}: no result.json found; run a track first")
    from leaderboard.assemble import make_board

    return make_board(entries, published=published)


def build(
    results: Sequence[Path], out: Path, *, published: bool = False, strict: bool = False
) -> Board:
    """Write the page of ``load_board`` to ``out``, atomically.

    The same results give the same bytes, whatever the order of files and the clock.

    Raises:
        UserError: As ``load_board``.
    """
    board = load_board(results, published=published, strict=strict)
    from leaderboard.page import render

    write_text(out, render(board))
    return board

"""Pages of large boards in tests, written as a build writes them."""

from pathlib import Path

from leaderboard.model import Board
from leaderboard.page import make_page
from nnactive.io.beside.companions import folder_of, write_with_companions


def write_large(board: Board, path: Path, most_rows: int = 1) -> str:
    """Writes the page and its folder, whatever the board's size; the page's address."""
    page = make_page(board, folder_of(path).name, most_rows=most_rows)
    companions = {name: text.encode() for name, text in page.companions.items()}
    write_with_companions(path, page.html.encode(), companions)
    return path.as_uri()

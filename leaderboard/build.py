"""From folders of results to the board and its page."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from leaderboard.cache import Cache
from leaderboard.labelling.estimate import read_estimate
from leaderboard.model import Board
from leaderboard.published.imports import read_imports
from leaderboard.read.load import load_entries
from nnactive.errors import UserError
from nnactive.io.beside.companions import folder_of, write_with_companions


def load_board(
    results: Sequence[Path],
    *,
    entries: Path | None = None,
    published: bool = False,
    imported: Sequence[Path] = (),
    effort: Path | None = None,
    strict: bool = False,
    cache: Cache | None = None,
) -> Board:
    """The board of all ``result.json`` under ``results``, and of the public board's entries.

    Args:
        results: folders of the user's own runs, searched recursively, and files.
        entries: folder of the public board.
        published: whether to add leagues of the papers' figures.
        imported: CSV files with figures of other works.
        effort: file with the rates that minutes of labelling follow from; None: those shipped.
        strict: refuse the first file that would be left out.
        cache: where what a file tells is kept; it changes no board. None: nowhere.

    Raises:
        UserError: A given path does not exist, there is nothing to show, or (strict) a file would
            be left out.
    """
    rows, estimate = read_imports(imported), read_estimate(effort) if effort else None
    found = load_entries(results, board=entries, strict=strict, cache=cache)
    if not (found.results or found.left_out or found.apart or published or entries or rows):
        places = ", ".join(map(str, results))
        if not places:
            raise UserError("no folder given; name one with --results or --entries")
        raise UserError(f"{places}: no result.json found; run a track first")
    from leaderboard.assemble import make_board

    with _settled():
        return make_board(found, published=published, imported=rows, estimate=estimate)


@contextmanager
def _settled() -> Iterator[None]:
    """No search for garbage among all that is there: with many results, a sixth of the time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def build(
    results: Sequence[Path],
    out: Path,
    *,
    entries: Path | None = None,
    published: bool = False,
    imported: Sequence[Path] = (),
    effort: Path | None = None,
    strict: bool = False,
    cache: Cache | None = None,
) -> Board:
    """Write the page of ``load_board`` to ``out``, atomically.

    The same results give the same bytes, whatever the order of files and the clock. The page of a
    large board loads details from a folder beside it, which is written, too.

    Raises:
        UserError: As ``load_board``, or that folder's place is taken.
    """
    board = load_board(
        results,
        entries=entries,
        published=published,
        imported=imported,
        effort=effort,
        strict=strict,
        cache=cache,
    )
    from leaderboard.page import make_page

    page = make_page(board, folder_of(out).name, cache=cache)
    companions = {name: text.encode() for name, text in page.companions.items()}
    write_with_companions(out, page.html.encode(), companions)
    return board

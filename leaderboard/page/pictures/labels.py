"""Names and styles of methods, the same in all figures of the page."""

from dataclasses import dataclass

from leaderboard.figures.styles import DISTINCT, MOST, Style, style_of
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.model import Board, Entrant


@dataclass(frozen=True)
class Label:
    """A method's name and style in all figures."""

    name: str
    style: Style


def labels_of(board: Board) -> dict[str, Label]:
    """By the method's key; a method has one style in all leagues.

    A new submission changes no other method's style, as long as there are at most ``DISTINCT``
    methods; of more, those that figures show by name come first, so that no two of them look alike.
    """
    every = [entrant for league in board.leagues for entrant in league.entrants]
    many = len({entrant.id for entrant in every}) > DISTINCT
    leading = _leading(board) if many else set[str]()
    order = sorted({(_later(e), many and e.key not in leading, e.id) for e in every})
    known = {entrant_id: place for place, (*_, entrant_id) in reversed(list(enumerate(order)))}
    return {
        entrant.key: Label(plain(entrant.name, 2 * NAME_LENGTH), style_of(known[entrant.id]))
        for entrant in every
    }


def _leading(board: Board) -> set[str]:
    """Keys of the first methods of every league."""
    return {
        row.entrant
        for league in board.leagues
        for view in league.views[:1]
        for row in view.rows[:MOST]
    }


def _later(entrant: Entrant) -> bool:
    """Submissions come last."""
    return "submission" in entrant.badges

"""What is told of rankings by other metrics; the board is a stand-in."""

from dataclasses import replace

import boards

from leaderboard.choosing import by_metric
from leaderboard.model import Concordance


def table(ranks):
    """The league with one ranking by AUBC in which methods have these ranks."""
    league = boards.board(4, 2, published=False).leagues[0]
    usual = league.views[0]
    rows = tuple(replace(row, rank=rank) for row, rank in zip(usual.rows, ranks, strict=True))
    view = replace(usual, by="aubc", rows=rows, concordance=Concordance(0.5, 0.1, 4))
    names = {entrant.key: entrant.name for entrant in league.entrants}
    return by_metric(replace(league, views=(usual, view))), [names[row.entrant] for row in rows]


def test_the_best_are_named():
    ((column, best, found),), names = table([1, 1, 3, 4])
    assert (column.name, best) == ("aubc", f"{names[0]} and {names[1]}")
    assert (found.tau, found.changed) == ("0.50 (p = 0.1)", "0 of 6")


def test_where_all_tie_none_is_the_best():
    ((_, best, _),), _ = table([1, 1, 1, None])
    assert best == "none: all 3 share one rank"

"""Rankings that a reader chooses: picked by name, and told beside the usual one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from leaderboard.assemble.views.concordance import p_text, swapped
from leaderboard.formatting import MISSING, joined, shown
from leaderboard.model import Board, Column, League, View
from nnactive.errors import UserError


def ranked_by(board: Board, metric: str, classes: Sequence[str] = ()) -> Board:
    """The board with the chosen ranking in place of each league's first one.

    Leagues without such a ranking are left out. Rankings by classes are those of a dataset.

    Args:
        board: the whole one.
        metric: name or title of a column; empty: the usual one.
        classes: names of foreground classes; none: all.

    Raises:
        UserError: No ranking follows the metric, or compares these classes.
    """
    if not metric and not classes:
        return board
    found = [(league, _chosen(league, metric, classes)) for league in board.leagues]
    leagues = [
        replace(league, views=(view, *league.views[1:]))
        for league, view in found
        if view is not None
    ]
    if not leagues:
        raise UserError(_unknown(board, metric, classes))
    return replace(board, leagues=tuple(leagues))


def _chosen(league: League, metric: str, classes: Sequence[str]) -> View | None:
    titles = {column.name: column.title for column in league.columns}
    for view in league.views:
        whole = bool(classes) or view.settings == league.views[0].settings
        if not whole or {*view.classes} != {*classes}:
            continue
        if (metric in {view.ranked_by, titles[view.ranked_by]}) if metric else not view.by:
            return view
    return None


def _unknown(board: Board, metric: str, classes: Sequence[str]) -> str:
    if not classes:
        known = sorted({view.ranked_by for league in board.leagues for view in league.views})
        return (
            f"--by {metric}: there is no ranking by it; choose from: {', '.join(known) or 'none'}"
        )
    views = [view for league in board.leagues for view in league.views if view.classes]
    asked = {*classes}
    if any({*view.classes} == asked for view in views):
        names = sorted({view.ranked_by for view in views if {*view.classes} == asked})
        return f"--by {metric}: these classes are ranked by: {', '.join(names)}"
    single = sorted({view.classes[0] for view in views if len(view.classes) == 1})
    return (
        f"--class {', '.join(classes)}: no ranking compares these classes of one dataset; single "
        f"ones are: {', '.join(single) or 'none'}"
    )


@dataclass(frozen=True)
class Other:
    """How a ranking agrees with the usual one."""

    tau: str
    """``0.85 (p = 0.002)``, or ``n/a``."""
    reason: str
    """Why there is no tau."""
    changed: str
    """``4 of 36``: pairs of methods that change places."""
    swaps: str
    """Those that do so significantly; empty: none."""


def by_metric(league: League) -> list[tuple[Column, str, Other]]:
    """The rankings over all settings by other metrics: column, who is first, agreement.

    Args:
        league: theirs.
    """
    columns = {column.name: column for column in league.columns}
    names = {entrant.key: entrant.name for entrant in league.entrants}
    found = []
    for view in league.views:
        ranked = [row for row in view.rows if row.rank is not None]
        first = [names[row.entrant] for row in ranked if row.rank == 1]
        whole = view.settings == league.views[0].settings
        if not (view.by and view.concordance and first and whole) or view.classes:
            continue
        agreed = view.concordance
        pairs = agreed.methods * (agreed.methods - 1) // 2
        known = agreed.tau is not None and agreed.p_value is not None
        other = Other(
            tau=f"{shown(agreed.tau or 0, '')} ({p_text(agreed.p_value or 0)})"
            if known
            else MISSING,
            reason=agreed.reason,
            changed=f"{agreed.changed} of {pairs}",
            swaps=swapped(agreed, names),
        )
        tied = len(first) == len(ranked) > 1
        best = f"none: all {len(first)} share one rank" if tied else joined(first)
        found.append((columns[view.by], best, other))
    return found

"""The top of the board as plain text, for a terminal."""

from dataclasses import dataclass, replace

from leaderboard.export import rank_text, value_text
from leaderboard.formatting import badge_text
from leaderboard.model import Board, Column, League, Row

USUAL = "baseline"
"""A badge that most rows have."""


@dataclass(frozen=True)
class TopRow:
    """A row of a league's main table."""

    rank: str
    method: str
    figures: tuple[str, ...]
    """One per column of the table."""
    done: str
    """``3 of 4``: complete experiments of those expected."""
    badges: tuple[str, ...]
    """Without ``USUAL``."""


@dataclass(frozen=True)
class TopTable:
    """The first rows of a league's main table."""

    title: str
    """Track and setting, or number of settings."""
    columns: tuple[str, ...]
    rows: tuple[TopRow, ...]
    key: int = 0
    """Place of the column that the ranks follow."""
    verdict: tuple[str, ...] = ()
    """Sentences, the most important first."""


@dataclass(frozen=True)
class Layout:
    """A table's cells as text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    badges: bool
    """Whether the last column is the badges', which may be folded."""


def top_tables(board: Board, limit: int = 5) -> list[TopTable]:
    """The first ``limit`` rows and every submission of each measured league, in the board's order.

    A league without such rows has no table.
    """
    return [
        table
        for league in board.leagues
        if league.group == "measured"
        if (table := _top_table(league, limit)).rows
    ]


def layouts(table: TopTable) -> list[Layout]:
    """What may be shown of a table, from everything to rank and method alone.

    Names are whole in all of them; first the badges go, then the counts of experiments, then the
    figures, from the last one, but last of all that which the ranks follow. A column of badges
    without any isn't shown at all.
    """
    found = []
    badges = any(row.badges for row in table.rows)
    wanted = sorted(range(len(table.columns)), key=lambda place: (place != table.key, place))
    for number in range(len(table.columns), -1, -1):
        kept = sorted(wanted[:number])
        for done, marked in ((True, badges), (True, False), (False, False)):
            heads = ("rank", "method", *(table.columns[place] for place in kept))
            cells = [
                (row.rank, row.method, *(row.figures[place] for place in kept))
                for row in table.rows
            ]
            if done:
                heads = (*heads, "done")
                cells = [(*c, row.done) for c, row in zip(cells, table.rows, strict=True)]
            if marked:
                heads = (*heads, "")
                both = zip(cells, table.rows, strict=True)
                cells = [(*c, ", ".join(row.badges)) for c, row in both]
            found.append(Layout(heads, tuple(cells), marked))
    return found


def _top_table(league: League, limit: int) -> TopTable:
    view = league.views[0]
    chosen = (
        column
        for column in league.columns
        if (column.terminal is not None or column.name == view.ranked_by)
        and any(row.values[column.name].mean is not None for row in view.rows)
    )
    columns = sorted(chosen, key=lambda column: -1 if column.terminal is None else column.terminal)
    rows = tuple(
        _top_row(league, row, columns)
        for place, row in enumerate(view.rows)
        if place < limit or "submission" in _badges(league, row)
    )
    spreads = {
        column.spread
        for column in columns
        if any(row.values[column.name].spread is not None for row in view.rows)
    }
    verdict = view.verdict
    sentences = tuple(filter(None, (verdict.headline, verdict.repeat, *verdict.more)))
    if len(spreads) == 1:
        sentences = (*sentences, f"\N{PLUS-MINUS SIGN}: {spreads.pop()}.")
    if verdict.test:
        sentences = (*sentences, f"Letters: {verdict.test}.")
    names = [column.name for column in columns]
    return TopTable(
        title=_title(league),
        columns=tuple(column.title for column in columns),
        rows=rows,
        key=names.index(view.ranked_by) if view.ranked_by in names else 0,
        verdict=sentences,
    )


def _top_row(league: League, row: Row, columns: list[Column]) -> TopRow:
    names = {entrant.key: entrant.name for entrant in league.entrants}
    badges = (badge for badge in _badges(league, row) if badge != USUAL)
    return TopRow(
        rank=rank_text(row),
        method=names[row.entrant],
        figures=tuple(_without_interval(row, column) for column in columns),
        done=_done(league, row.entrant),
        badges=tuple(map(badge_text, badges)),
    )


def _without_interval(row: Row, column: Column) -> str:
    """The value with its spread alone."""
    return value_text(replace(row.values[column.name], low=None, high=None), column)


def _badges(league: League, row: Row) -> tuple[str, ...]:
    return next(e.badges for e in league.entrants if e.key == row.entrant)


def _title(league: League) -> str:
    settings = league.views[0].settings
    if len(settings) > 1:
        return f"{league.title}: {len(settings)} settings"
    (name,) = (setting.name for setting in league.settings if setting.key == settings[0])
    return league.track if league.track == name else f"{league.track}: {name}"


def _done(league: League, entrant: str) -> str:
    settings = [setting for setting in league.settings if setting.key in league.views[0].settings]
    done = sum(len(row.seeds) for b in settings for row in b.rows if row.entrant == entrant)
    return f"{done} of {sum(len(setting.seeds) for setting in settings)}"

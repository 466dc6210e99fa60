"""The top of the board as plain text, for a terminal."""

from dataclasses import dataclass, replace

from leaderboard.export import rank_text, value_text
from leaderboard.formatting import badge_text
from leaderboard.model import Board, Column, League, Row


@dataclass(frozen=True)
class TopRow:
    """A row of a league's main table."""

    rank: str
    method: str
    figures: tuple[str, ...]
    """One per column of the table."""
    done: str
    """``3 of 4``: complete experiments of those expected."""
    badges: str


@dataclass(frozen=True)
class TopTable:
    """The first rows of a league's main table."""

    title: str
    """Track and setting, or number of settings."""
    columns: tuple[str, ...]
    rows: tuple[TopRow, ...]


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


def _top_table(league: League, limit: int) -> TopTable:
    chosen = (column for column in league.columns if column.terminal is not None)
    columns = sorted(chosen, key=lambda column: column.terminal or 0)
    rows = (
        _top_row(league, row, columns)
        for place, row in enumerate(league.views[0].rows)
        if place < limit or "submission" in _badges(league, row)
    )
    return TopTable(_title(league), tuple(column.title for column in columns), tuple(rows))


def _top_row(league: League, row: Row, columns: list[Column]) -> TopRow:
    names = {entrant.key: entrant.name for entrant in league.entrants}
    return TopRow(
        rank=rank_text(row),
        method=names[row.entrant],
        figures=tuple(_without_interval(row, column) for column in columns),
        done=_done(league, row.entrant),
        badges=", ".join(map(badge_text, _badges(league, row))),
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

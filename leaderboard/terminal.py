"""The top of the board as plain text, for a terminal."""

from dataclasses import dataclass, replace

from leaderboard.export import rank_text, value_text
from leaderboard.model import Board, League, Row


@dataclass(frozen=True)
class TopRow:
    """A row of a league's main table."""

    table: str
    """Track and setting, or number of settings."""
    rank: str
    method: str
    final_dice: str
    aubc: str
    done: str
    """``3 of 4``: complete experiments of those expected."""
    badges: str


def top_rows(board: Board, limit: int = 5) -> list[TopRow]:
    """First ``limit`` rows of every measured league and every submission, in the board's order."""
    return [
        _top_row(league, row)
        for league in board.leagues
        if league.group == "measured"
        for place, row in enumerate(league.views[0].rows)
        if place < limit or "submission" in _badges(league, row)
    ]


def _top_row(league: League, row: Row) -> TopRow:
    names = {entrant.key: entrant.name for entrant in league.entrants}
    return TopRow(
        table=_table(league),
        rank=rank_text(row),
        method=names[row.entrant],
        final_dice=_narrow(league, row, "final_dice"),
        aubc=_narrow(league, row, "aubc"),
        done=_done(league, row.entrant),
        badges=", ".join(_badges(league, row)),
    )


def _narrow(league: League, row: Row, name: str) -> str:
    """The value with its spread, without an interval."""
    column = next(column for column in league.columns if column.name == name)
    return value_text(replace(row.values[name], low=None, high=None), column)


def _badges(league: League, row: Row) -> tuple[str, ...]:
    return next(e.badges for e in league.entrants if e.key == row.entrant)


def _table(league: League) -> str:
    settings = league.views[0].settings
    if len(settings) > 1:
        return f"{league.title}: {len(settings)} settings"
    (name,) = (block.name for block in league.blocks if block.key == settings[0])
    return league.track if league.track == name else f"{league.track}: {name}"


def _done(league: League, entrant: str) -> str:
    blocks = [block for block in league.blocks if block.key in league.views[0].settings]
    done = sum(len(row.seeds) for b in blocks for row in b.rows if row.entrant == entrant)
    return f"{done} of {sum(len(block.seeds) for block in blocks)}"

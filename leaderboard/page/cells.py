"""Texts of the cells and notes of the page's tables."""

from collections.abc import Iterable, Sequence

from leaderboard.formatting import counted, number, shown
from leaderboard.model import (
    Column,
    Entrant,
    League,
    Relations,
    Row,
    SettingRow,
    SettingTable,
    Value,
)
from leaderboard.page.badges import USUAL
from leaderboard.undefined import Undefined

STATUSES = ("incomplete", "failed")


def figure(value: float, unit: str) -> str:
    """A figure as the script shows it: rounded for files, then for readers."""
    return shown(number(value, unit), unit)


def rank_note(row: Row) -> str:
    """``1-3``: the rank's interval; empty where it has none."""
    known = row.rank_low is not None and row.rank_high is not None
    return f"{row.rank_low}\N{EN DASH}{row.rank_high}" if known else ""


def badges(entrant: Entrant, row: Row) -> list[str]:
    """The method's badges in a table, with its status there; without those that most rows have."""
    status = [row.status] if row.status in STATUSES else []
    return [*(name for name in entrant.badges if name not in (*USUAL, *STATUSES)), *status]


def looks(row: Row) -> str:
    """CSS classes of a row."""
    status = row.status if row.status in STATUSES else ""
    return " ".join(name for name in (status, "leading" if row.leading else "") if name)


def notes(row: Row, *, every: bool) -> list[str]:
    """What stands below the method's name: all notes, or where it stands among the others."""
    where = [row.partial] if row.partial else []
    return [*where, *row.notes] if every else where


def table_columns(
    columns: Iterable[Column], rows: Sequence[Row], ranked_by: str
) -> tuple[list[Column], int]:
    """The columns of a table, and how many of them are shown until a reader picks others.

    Those with a figure in any row: first the one that ranks, then the headline columns.
    """
    found = answered(columns, rows)
    usual = [c for c in found if c.headline or c.name == ranked_by] or found
    usual.sort(key=lambda column: column.name != ranked_by)
    return [*usual, *(column for column in found if column not in usual)], len(usual)


def tested(test: str) -> str:
    """Which test made the letters of a table; empty for none.

    >>> tested("Nemenyi test over 24 settings, 0.05")
    'Groups: Nemenyi test over 24 settings, 0.05.'
    """
    return f"Groups: {test}." if test else ""


def size(league: League) -> str:
    """``12 methods x 24 settings x 4 seeds``."""
    seeds = max((len(setting.seeds) for setting in league.settings), default=0)
    parts = [
        counted(len(league.entrants), "method"),
        counted(len(league.settings), "setting"),
        *([counted(seeds, "seed")] if seeds else []),
    ]
    return " \N{MULTIPLICATION SIGN} ".join(parts)


def comparing(cohort: str, what: str = "Ranks and PPM") -> str:
    """Among which methods relational figures are computed; empty for fewer than two methods.

    >>> comparing("9 methods, 7fa8272e")
    'Ranks and PPM are computed among these 9 methods (set ID 7fa8272e).'
    """
    methods, _, set_id = cohort.partition(", ")
    several = methods.endswith("methods") and not methods.startswith("0 ")
    return f"{what} are computed among these {methods} (set ID {set_id})." if several else ""


def notices(relations: Relations) -> list[str]:
    """What a league's comparisons lack, one sentence each."""
    penalties, critical = relations.penalties, relations.critical
    found = []
    if isinstance(penalties, Undefined):
        found.append(f"No pairwise penalty matrix: {penalties.reason}.")
    if isinstance(critical, Undefined):
        found.append(f"No critical-difference diagram: {critical.reason}.")
    elif critical.warning:
        found.append(f"Critical differences: {critical.warning}.")
    return found


def answered(columns: Iterable[Column], rows: Sequence[Row]) -> list[Column]:
    """The columns with a figure in any row."""
    return [
        column
        for column in columns
        if any(row.values.get(column.name, Value()).mean is not None for row in rows)
    ]


def rows_of(league: League) -> dict[str, list[tuple[SettingTable, SettingRow, int]]]:
    """By the method's key: every setting that has it, its row there, and how many are ranked."""
    found: dict[str, list[tuple[SettingTable, SettingRow, int]]] = {}
    for setting in league.settings:
        ranked = sum(row.rank is not None for row in setting.rows)
        for row in setting.rows:
            found.setdefault(row.entrant, []).append((setting, row, ranked))
    return found

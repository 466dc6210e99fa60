"""Texts of the cells and notes of the page's tables."""

from collections.abc import Iterable, Sequence

from leaderboard.formatting import number, shown
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
from leaderboard.undefined import Undefined

STATUSES = ("incomplete", "failed")
USUAL = ("baseline", "published")
MISSING_MEAN, MISSING_SPREAD = "Not available", "Without spread or interval"


def figure(value: float, unit: str) -> str:
    """A figure as the script shows it: rounded for files, then for readers."""
    return shown(number(value, unit), unit)


def rank_note(row: Row) -> str:
    """``1-3 · ab``: the rank's interval and its tie group."""
    known = row.rank_low is not None and row.rank_high is not None
    interval = f"{row.rank_low}\N{EN DASH}{row.rank_high}" if known else ""
    return " · ".join(part for part in (interval, row.ties) if part)


def badges(entrant: Entrant, row: Row) -> list[str]:
    """The method's badges, with its status in this table."""
    status = [row.status] if row.status in STATUSES else []
    return [*(badge for badge in entrant.badges if badge not in STATUSES), *status]


def origin(entrant: Entrant, row: Row) -> list[str]:
    """The badges shown in a setting's table: all but those that most rows have."""
    return [name for name in badges(entrant, row) if name not in USUAL]


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


def reasons(columns: Iterable[Column], rows: Sequence[Row]) -> list[str]:
    """What is not available and why, one line per reason, in the columns' order."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.rank is not None and row.rank_reason:
            found.setdefault((MISSING_MEAN, row.rank_reason), ["Rank interval"])
    for column in columns:
        for row in rows:
            value = row.values.get(column.name, Value())
            if value.reason:
                what = MISSING_MEAN if value.mean is None else MISSING_SPREAD
                titles = found.setdefault((what, value.reason), [])
                if column.title not in titles:
                    titles.append(column.title)
    return [f"{what}: {', '.join(titles)} ({reason})" for (what, reason), titles in found.items()]


def rows_of(league: League, entrant: Entrant) -> list[tuple[SettingTable, SettingRow]]:
    """The method's row in every setting that has one."""
    return [
        (setting, row)
        for setting in league.settings
        for row in setting.rows
        if row.entrant == entrant.key
    ]

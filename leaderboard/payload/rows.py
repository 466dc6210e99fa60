"""Rows and cells of the board's JSON."""

from collections.abc import Mapping
from typing import Any

from leaderboard.formatting import number, rounded
from leaderboard.model import League, Row, SettingRow, Value

STATUSES = ("complete", "incomplete", "failed")
ROW = (
    "entrant", "status", "rank", "rank_low", "rank_high", "rank_reason", "ties", "cells", "seeds",
    "notes", "leading", "partial", "curve", "fit", "classes",
)  # fmt: skip
FEWEST = len(ROW) - 3
"""Fields of a row without curve, fit and classes."""


class Reasons:
    """Texts that many cells share, in order of first use."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def index(self, reason: str) -> int:
        """Index of a text; a new one is appended."""
        return self.known.setdefault(reason, len(self.known))


def row_json(
    row: Row, league: League, order: Mapping[str, int], reasons: Reasons, *, whole: bool = True
) -> list[Any]:
    """The fields of ``ROW``, cut after the last that isn't empty.

    Args:
        row: of the league.
        league: its columns are those of the cells.
        order: places of the methods, by key.
        reasons: of all rows.
        whole: False for a ranking by another metric: null in place of what the usual one has.
    """
    cells: list[Any] | None = None
    if whole:
        values = ((row.values.get(column.name, Value()), column.unit) for column in league.columns)
        cells = [cell_json(value, unit, reasons) for value, unit in values]
    fields = [
        order[row.entrant],
        STATUSES.index(row.status),
        row.rank,
        row.rank_low,
        row.rank_high,
        None if row.rank_reason is None else reasons.index(row.rank_reason),
        row.ties,
        cells,
        list(row.seeds) if whole else None,
        list(row.notes) if whole else None,
        int(row.leading),
        row.partial,
    ]
    if isinstance(row, SettingRow):
        fields += [_curve(row), _fit(row), _classes(row)]
    return trimmed(fields, FEWEST if whole else ROW.index("cells"))


def _curve(row: SettingRow) -> list[Any]:
    return [
        [point.patches, rounded(point.foreground, 4), *_percents(point.dice, point.low, point.high)]
        for point in row.curve
    ]


def _fit(row: SettingRow) -> list[Any] | None:
    if row.fit is None:
        return None
    fit = row.fit
    return [
        *(rounded(value, 4) for value in (fit.gamma, fit.standard_error)),
        *(rounded(value, 6) for value in (fit.t0, fit.y0, fit.y_full)),
        [[float(f"{share:.3g}"), rounded(dice, 3)] for share, dice in fit.points],
    ]


def _classes(row: SettingRow) -> list[Any]:
    return [
        [*_percents(figure.dice, figure.dice_std), rounded(figure.labelled, 3)]
        for figure in row.classes
    ]


def _percents(*values: float | None) -> list[float | None]:
    return [None if value is None else number(value, "%") for value in values]


def cell_json(value: Value, unit: str, reasons: Reasons) -> Any:
    """A cell as ``ABOUT`` describes it."""
    if value.mean is None:
        return None if value.reason is None else [reasons.index(value.reason)]
    numbers = [
        None if part is None else number(part, unit)
        for part in (value.mean, value.spread, value.low, value.high)
    ]
    reason = None if value.reason is None else reasons.index(value.reason)
    fields = trimmed([*numbers, reason], 1)
    return fields if len(fields) > 1 else fields[0]


def trimmed(fields: list[Any], least: int) -> list[Any]:
    """The fields without empty ones at the end, but at least so many."""
    while len(fields) > least and fields[-1] in (None, []):
        fields = fields[:-1]
    return fields


def p_value(value: float) -> float:
    """With four significant digits."""
    return float(f"{value:.4g}")

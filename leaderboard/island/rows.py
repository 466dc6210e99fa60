"""Rows and cells of the island."""

from collections.abc import Mapping, Sequence
from typing import Any

from leaderboard.model import BlockRow, League, Row, Value
from leaderboard.rounding import number

STATUSES = ("complete", "incomplete", "failed")
ROW = (
    "entrant", "status", "rank", "rank_low", "rank_high", "rank_reason", "ties", "cells", "seeds",
    "notes", "curve", "fit", "classes",
)  # fmt: skip
FEWEST = len(ROW) - 3
"""Fields of a row without curve, fit and classes."""


class Reasons:
    """Texts that many cells share, in order of first use."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def index(self, reason: str) -> int:
        """Place of a text, a new one last."""
        return self.known.setdefault(reason, len(self.known))


def row_fields(row: Row, league: League, order: Mapping[str, int], reasons: Reasons) -> list[Any]:
    """The fields of ``ROW``, cut after the last that isn't empty."""
    fields = [
        order[row.entrant],
        STATUSES.index(row.status),
        row.rank,
        row.rank_low,
        row.rank_high,
        None if row.rank_reason is None else reasons.index(row.rank_reason),
        row.ties,
        [cell(row.values.get(c.name, Value()), c.unit, reasons) for c in league.columns],
        list(row.seeds),
        list(row.notes),
    ]
    if isinstance(row, BlockRow):
        fields += [_curve(row), _fit(row), _classes(row)]
    return _trimmed(fields, FEWEST)


def _curve(row: BlockRow) -> list[Any]:
    return [
        [point.patches, round(point.foreground, 4), *_percents(point.dice, point.low, point.high)]
        for point in row.curve
    ]


def _fit(row: BlockRow) -> list[Any] | None:
    if row.fit is None:
        return None
    fit = row.fit
    return [
        *(round(value, 4) for value in (fit.gamma, fit.standard_error)),
        *(round(value, 6) for value in (fit.t0, fit.y0, fit.y_full)),
        [[float(f"{share:.3g}"), round(dice, 3)] for share, dice in fit.points],
    ]


def _classes(row: BlockRow) -> list[Any]:
    return [
        [*_percents(figure.dice, figure.dice_std), round(figure.labelled, 3)]
        for figure in row.classes
    ]


def _percents(*values: float | None) -> list[float | None]:
    return [None if value is None else number(value, "%") for value in values]


def cell(value: Value, unit: str, reasons: Reasons) -> Any:
    """A cell as ``ABOUT`` describes it."""
    if value.mean is None:
        return None if value.reason is None else [reasons.index(value.reason)]
    numbers = [
        None if part is None else number(part, unit)
        for part in (value.mean, value.spread, value.low, value.high)
    ]
    reason = None if value.reason is None else reasons.index(value.reason)
    cell = _trimmed([*numbers, reason], 1)
    return cell if len(cell) > 1 else cell[0]


def _trimmed(fields: list[Any], least: int) -> list[Any]:
    while len(fields) > least and fields[-1] in (None, []):
        fields = fields[:-1]
    return fields


def cut(rows: Sequence[list[Any]]) -> list[list[Any]]:
    """Rows as if they had no further fields, to compare them."""
    return [_trimmed(row, 1) for row in rows]

"""The board as compact JSON: what the page's script reads, and what a reader downloads.

Two of its keys are older than today's words: ``blocks`` are a league's settings, ``stamp`` is the
number and id of the ranked methods.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leaderboard.formatting import MISSING, number
from leaderboard.model import (
    Board,
    Column,
    CriticalDifference,
    Entrant,
    League,
    LengthEffect,
    Relations,
    Row,
    SettingRow,
    SettingTable,
    Value,
    View,
)
from leaderboard.undefined import Undefined

Json = dict[str, Any]
ABOUT = (
    "A cell is null, a mean, [index into reasons] where there is no mean, or "
    "[mean, spread, low, high, index into reasons], cut after its last entry. A row lists the "
    "fields of 'row', likewise cut; 'entrant' is an index into the league's entrants, 'cells' "
    "follow its columns. 'blocks' are the league's settings; a view whose 'rows' is a key has the "
    "rows of that setting. 'stamp' is the number and id of the ranked methods. A curve lists "
    "[patches, labelled foreground %, Mean Dice %, low, high] by loop, a fit [gamma, standard "
    "error, t0, y0, full-data Dice, [[labelled fraction, Dice], ...]], classes [Dice %, std, "
    "labelled %] in the order of the setting's classes."
)
STATUSES = ("complete", "incomplete", "failed")
ROW = (
    "entrant", "status", "rank", "rank_low", "rank_high", "rank_reason", "ties", "cells", "seeds",
    "notes", "curve", "fit", "classes",
)  # fmt: skip
FEWEST = len(ROW) - 3
"""Fields of a row without curve, fit and classes."""
COLUMN = ("name", "title", "unit", "help", "higher_is_better", "relational", "spread", "beside")
LONG_COLUMNS = (
    "league", "group", "track", "settings", "dataset", "regime", "patch", "epochs", "method_id",
    "method", "status", "column", "unit", "mean", "spread", "low", "high", "compared", "reason",
)  # fmt: skip


class _Reasons:
    """Texts that many cells share, in order of first use."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def index(self, reason: str) -> int:
        """Index of a text; a new one is appended."""
        return self.known.setdefault(reason, len(self.known))


def board_json(board: Board) -> Json:
    """The board as plain dictionaries and lists; the same board gives the same text.

    Numbers are rounded by ``leaderboard.formatting.number``.
    """
    reasons = _Reasons()
    leagues = [_league(league, reasons) for league in board.leagues]
    return {
        "about": ABOUT,
        "made": board.made,
        "protocols": list(board.protocols),
        "commits": list(board.commits),
        "results": board.results,
        "failed": board.failed,
        "expected": board.expected,
        "complete": board.complete,
        "row": list(ROW),
        "statuses": list(STATUSES),
        "long": list(LONG_COLUMNS),
        "reasons": list(reasons.known),
        "leagues": leagues,
        "length_effects": [_length_effect(item) for item in board.length_effects],
        "left_out": [[item.file, item.reason] for item in board.left_out],
        "bibliography": board.bibliography,
    }


def to_json(board: Board) -> str:
    """``board_json`` as text."""
    return dump(board_json(board))


def dump(content: Json) -> str:
    """Compact JSON."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def long_rows(content: Json) -> Iterator[tuple[str, ...]]:
    """The board's JSON as a long table with ``LONG_COLUMNS``.

    One line per league, view or setting, method and column. ``rank`` counts as a column;
    ``compared`` says among which methods a relational figure was computed. Views of a single
    setting are left out: the setting is there. Texts are as they are; who writes them to a file
    guards against formulas.
    """
    for league in content["leagues"]:
        head = (league["title"], league["group"], league["track"])
        epochs = str(league["epochs"])
        for view in league["views"]:
            if isinstance(view["rows"], list):
                names = [view[field] or "all" for field in ("dataset", "regime", "patch")]
                place = (*head, f"{len(view['settings'])} settings", *names, epochs)
                yield from _long(place, league, view, content)
        for setting in league["blocks"]:
            names = [setting[field] for field in ("name", "dataset", "regime", "patch")]
            yield from _long((*head, *names, epochs), league, setting, content)


def _long(
    place: Sequence[str], league: Json, table: Json, content: Json
) -> Iterator[tuple[str, ...]]:
    for row in table["rows"]:
        field = dict(zip(ROW, row, strict=False))
        entrant = league["entrants"][field["entrant"]]
        line = (*place, entrant["id"], entrant["name"], STATUSES[field["status"]])
        rank = [field["rank"], None, field["rank_low"], field["rank_high"], field["rank_reason"]]
        yield (*line, "rank", "", *_numbers(rank, content, table["stamp"]))
        for column, cell in zip(league["columns"], field["cells"], strict=True):
            compared = table["stamp"] if column["relational"] else ""
            figures = _numbers(_cell_fields(cell), content, compared)
            yield (*line, column["name"], column["unit"], *figures)


def _cell_fields(cell: Any) -> list[Any]:
    if not isinstance(cell, list):
        return [cell, None, None, None, None]
    if len(cell) == 1:
        return [None, None, None, None, cell[0]]
    return [*cell, *[None] * (5 - len(cell))]


def _numbers(fields: Sequence[Any], content: Json, compared: str) -> tuple[str, ...]:
    *numbers, reason = fields
    texts = [MISSING if value is None else str(value) for value in numbers]
    return (*texts, compared, "" if reason is None else content["reasons"][reason])


def _league(league: League, reasons: _Reasons) -> Json:
    order = {entrant.key: index for index, entrant in enumerate(league.entrants)}
    settings = [_setting(setting, league, order, reasons) for setting in league.settings]
    by_key = {setting["key"]: setting for setting in settings}
    return {
        "key": league.key,
        "title": league.title,
        "group": league.group,
        "track": league.track,
        "protocol": league.protocol,
        "nnunet": league.nnunet,
        "epochs": league.epochs,
        "comparable": league.comparable,
        "notes": list(league.notes),
        "columns": [_column(column) for column in league.columns],
        "entrants": [_entrant(entrant) for entrant in league.entrants],
        "blocks": settings,
        "views": [_view(view, league, order, by_key, reasons) for view in league.views],
        "relations": _relations(league.relations, order),
    }


def _column(column: Column) -> Json:
    return {name: getattr(column, name) for name in COLUMN}


def _entrant(entrant: Entrant) -> Json:
    return {
        **{name: value for name, value in vars(entrant).items() if name != "league"},
        "badges": list(entrant.badges),
        "parameters": dict(entrant.parameters),
        "environments": list(entrant.environments),
        "problems": list(entrant.problems),
    }


def _view(
    view: View,
    league: League,
    order: Mapping[str, int],
    settings: Mapping[str, Json],
    reasons: _Reasons,
) -> Json:
    rows: Any = [_row(row, league, order, reasons) for row in view.rows]
    if len(view.settings) == 1:
        own = settings[view.settings[0]]["rows"]
        if [_trimmed(row[:FEWEST], 1) for row in own] == [_trimmed(row, 1) for row in rows]:
            rows = view.settings[0]
    return {
        "dataset": view.dataset,
        "regime": view.regime,
        "patch": view.patch,
        "settings": list(view.settings),
        "ranked_by": view.ranked_by,
        "stamp": view.cohort,
        "caution": view.caution,
        "rows": rows,
    }


def _setting(
    setting: SettingTable, league: League, order: Mapping[str, int], reasons: _Reasons
) -> Json:
    classes = next(([c.name for c in row.classes] for row in setting.rows if row.classes), [])
    return {
        "key": setting.key,
        "name": setting.name,
        "dataset": setting.dataset,
        "regime": setting.regime,
        "patch": setting.patch,
        "patch_role": setting.patch_role,
        "warnings": list(setting.warnings),
        "epochs": setting.epochs,
        "seeds": list(setting.seeds),
        "full_data": _cell(setting.full_data, "%", reasons),
        "classes": classes,
        "ranked_by": setting.ranked_by,
        "stamp": setting.cohort,
        "caution": setting.caution,
        "rows": [_row(row, league, order, reasons) for row in setting.rows],
    }


def _row(row: Row, league: League, order: Mapping[str, int], reasons: _Reasons) -> list[Any]:
    """The fields of ``ROW``, cut after the last that isn't empty."""
    fields = [
        order[row.entrant],
        STATUSES.index(row.status),
        row.rank,
        row.rank_low,
        row.rank_high,
        None if row.rank_reason is None else reasons.index(row.rank_reason),
        row.ties,
        [_cell(row.values.get(c.name, Value()), c.unit, reasons) for c in league.columns],
        list(row.seeds),
        list(row.notes),
    ]
    if isinstance(row, SettingRow):
        fields += [_curve(row), _fit(row), _classes(row)]
    return _trimmed(fields, FEWEST)


def _curve(row: SettingRow) -> list[Any]:
    return [
        [point.patches, round(point.foreground, 4), *_percents(point.dice, point.low, point.high)]
        for point in row.curve
    ]


def _fit(row: SettingRow) -> list[Any] | None:
    if row.fit is None:
        return None
    fit = row.fit
    return [
        *(round(value, 4) for value in (fit.gamma, fit.standard_error)),
        *(round(value, 6) for value in (fit.t0, fit.y0, fit.y_full)),
        [[float(f"{share:.3g}"), round(dice, 3)] for share, dice in fit.points],
    ]


def _classes(row: SettingRow) -> list[Any]:
    return [
        [*_percents(figure.dice, figure.dice_std), round(figure.labelled, 3)]
        for figure in row.classes
    ]


def _percents(*values: float | None) -> list[float | None]:
    return [None if value is None else number(value, "%") for value in values]


def _cell(value: Value, unit: str, reasons: _Reasons) -> Any:
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


def _relations(relations: Relations, order: Mapping[str, int]) -> Json:
    """Ranks, penalties, tests and taus; methods as indices into the league's entrants."""
    penalties, critical = relations.penalties, relations.critical
    return {
        "entrants": [order[key] for key in relations.entrants],
        "stamp": relations.cohort,
        "penalties": []
        if isinstance(penalties, Undefined)
        else [
            {
                "title": penalty.title,
                "matrix": [[round(share, 4) for share in line] for line in penalty.matrix],
                "wins": [round(share, 4) for share in penalty.wins],
                "losses": [round(share, 4) for share in penalty.losses],
            }
            for penalty in penalties
        ],
        "penalties_reason": penalties.reason if isinstance(penalties, Undefined) else "",
        "ranks": {
            metric: {key: list(ranks) for key, ranks in by_setting.items()}
            for metric, by_setting in relations.ranks.items()
        },
        "critical": None if isinstance(critical, Undefined) else _critical(critical, order),
        "critical_reason": critical.reason if isinstance(critical, Undefined) else "",
        "agreements": [
            [item.first, item.second, round(item.tau, 4), _p_value(item.p_value)]
            for item in relations.agreements
        ],
        "query_sizes": [
            {
                "entrant": order[item.entrant],
                "settings": list(item.settings),
                "metric": item.metric,
                "tau": round(item.tau, 4),
                "p_value": _p_value(item.p_value),
                "points": item.points,
            }
            for item in relations.query_sizes
        ],
    }


def _critical(critical: CriticalDifference, order: Mapping[str, int]) -> Json:
    return {
        "mean_ranks": [round(rank, 4) for rank in critical.mean_ranks],
        "difference": round(critical.difference, 4),
        "groups": [[order[key] for key in group] for group in critical.groups],
        "settings": critical.settings,
        "p_value": _p_value(critical.p_value),
        "warning": critical.warning,
    }


def _length_effect(effect: LengthEffect) -> Json:
    return {
        "method": effect.method,
        "leagues": effect.leagues,
        "blocks": effect.settings,
        "metric": effect.metric,
        "difference": number(effect.difference, "%"),
        "p_value": _p_value(effect.p_value),
        "significant": effect.significant,
    }


def _p_value(value: float) -> float:
    return float(f"{value:.4g}")

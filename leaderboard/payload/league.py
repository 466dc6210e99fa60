"""A league in the board's JSON."""

from collections.abc import Mapping
from typing import Any

from leaderboard.formatting import number, rounded
from leaderboard.model import (
    Column,
    Concordance,
    Entrant,
    League,
    Repeat,
    SettingTable,
    Verdict,
    View,
)
from leaderboard.payload.relations import relations_json
from leaderboard.payload.rows import (
    FEWEST,
    Reasons,
    cell_json,
    p_value,
    row_json,
    trimmed,
)

Json = dict[str, Any]
COLUMN = (
    "name", "title", "unit", "help", "higher_is_better", "relational", "spread", "beside",
    "headline",
)  # fmt: skip


def league_json(league: League, reasons: Reasons) -> Json:
    """A league; methods are indices into its list of methods."""
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
        "relations": relations_json(league.relations, order),
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
        "checks": list(entrant.checks),
        "about": {heading: list(lines) for heading, lines in entrant.about.items()},
    }


def _view(
    view: View,
    league: League,
    order: Mapping[str, int],
    settings: Mapping[str, Json],
    reasons: Reasons,
) -> Json:
    whole = not view.by
    rows: Any = [row_json(row, league, order, reasons, whole=whole) for row in view.rows]
    if whole and len(view.settings) == 1 and not view.classes:
        own = settings[view.settings[0]]["rows"]
        if [trimmed(row[:FEWEST], 1) for row in own] == [trimmed(row, 1) for row in rows]:
            rows = view.settings[0]
    return {
        "dataset": view.dataset,
        "regime": view.regime,
        "patch": view.patch,
        "role": view.role,
        "settings": list(view.settings),
        "ranked_by": view.ranked_by,
        "stamp": view.cohort,
        "verdict": verdict_json(view.verdict),
        "ranked_over": list(view.ranked_over),
        "lacking": list(view.lacking),
        "by": view.by,
        "classes": list(view.classes),
        "concordance": _concordance(view.concordance, order),
        "rows": rows,
    }


def _concordance(found: Concordance | None, order: Mapping[str, int]) -> Json | None:
    if found is None:
        return None
    return {
        "tau": None if found.tau is None else rounded(found.tau, 4),
        "p_value": None if found.p_value is None else p_value(found.p_value),
        "methods": found.methods,
        "changed": found.changed,
        "swaps": [[order[a], order[b]] for a, b in found.swaps],
        "reason": found.reason,
    }


def _setting(
    setting: SettingTable, league: League, order: Mapping[str, int], reasons: Reasons
) -> Json:
    classes = next(([c.name for c in row.classes] for row in setting.rows if row.classes), [])
    return {
        "key": setting.key,
        "name": setting.name,
        "dataset": setting.dataset,
        "regime": setting.regime,
        "patch": setting.patch,
        "patch_role": setting.patch_role,
        "role": setting.role,
        "warnings": list(setting.warnings),
        "epochs": setting.epochs,
        "seeds": list(setting.seeds),
        "full_data": cell_json(setting.full_data, "%", reasons),
        "classes": classes,
        "ranked_by": setting.ranked_by,
        "stamp": setting.cohort,
        "verdict": verdict_json(setting.verdict),
        "rows": [row_json(row, league, order, reasons) for row in setting.rows],
    }


def verdict_json(verdict: Verdict) -> Json:
    """The verdict of a view or a setting."""
    detectable = verdict.detectable
    return {
        "headline": verdict.headline,
        "more": list(verdict.more),
        "test": verdict.test,
        "detectable": None if detectable is None else number(detectable, "%"),
        "detectable_reason": verdict.detectable_reason,
        "nothing": verdict.nothing,
        "repeat": verdict.repeat,
        "other_seeds": _repeat(verdict.other_seeds),
        "other_settings": _repeat(verdict.other_settings),
        "repeat_reason": verdict.repeat_reason,
    }


def _repeat(found: Repeat | None) -> list[float] | None:
    return None if found is None else [rounded(found.tau, 4), rounded(found.low, 4)]

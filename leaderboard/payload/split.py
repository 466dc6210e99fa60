"""The JSON of a large board, split: what its page holds, and what is loaded on demand."""

from collections.abc import Mapping
from typing import Any

from leaderboard.payload.rows import ROW

Json = dict[str, Any]
ENTRANT = ROW.index("entrant")
TABLE = ROW.index("partial") + 1
"""Fields of a row that its table shows; the others are of its setting's figures."""


def split(content: Json) -> tuple[Json, dict[str, Json]]:
    """What a page holds of a board's JSON, and the rest by key; ``content`` is left as it is.

    The rest are the rows of each setting (by its key), those of each view (``LEAGUE-view-NUMBER``),
    and the penalty matrices of a league (``LEAGUE-penalties``), but for the league's first view.
    In their places, the page's JSON has null.
    """
    apart: dict[str, Json] = {}
    leagues = [_league(league, apart) for league in content["leagues"]]
    return {**content, "leagues": leagues}, apart


def _league(league: Json, apart: dict[str, Json]) -> Json:
    key, relations = league["key"], league["relations"]
    views, settings = list(league["views"]), list(league["blocks"])
    # The ranking of a single setting has its rows.
    kept = {view["rows"] for view in views[:1] if isinstance(view["rows"], str)}
    for number, view in enumerate(views[1:], start=1):
        if isinstance(view["rows"], list):
            apart[f"{key}-view-{number}"] = {"rows": view["rows"]}
            views[number] = {**view, "rows": None}
    for number, setting in enumerate(settings):
        if setting["key"] not in kept:
            apart[setting["key"]] = {"rows": setting["rows"]}
            settings[number] = {**setting, "rows": None}
    if relations["penalties"]:
        apart[f"{key}-penalties"] = {"penalties": relations["penalties"]}
        relations = {**relations, "penalties": None}
    return {**league, "blocks": settings, "views": views, "relations": relations}


def rows_by_method(league: Mapping[str, Any]) -> Mapping[int, dict[str, list[Any]]]:
    """By a method's index: its row in each setting, without what only figures need."""
    found: dict[int, dict[str, list[Any]]] = {}
    for setting in league["blocks"]:
        for row in setting["rows"]:
            found.setdefault(row[ENTRANT], {})[setting["key"]] = row[:TABLE]
    return found

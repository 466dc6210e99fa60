"""The board's JSON as a long table."""

from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard.formatting import MISSING
from leaderboard.payload.rows import ROW, STATUSES

Json = dict[str, Any]
LONG_COLUMNS = (
    "league", "group", "track", "settings", "dataset", "regime", "patch", "role", "classes",
    "epochs", "method_id", "method", "status", "badges", "column", "unit", "mean", "spread", "low",
    "high", "compared", "reason",
)  # fmt: skip

ALL = "all"
FILTERED = ("dataset", "regime", "patch", "role")


def long_rows(content: Json) -> Iterator[tuple[str, ...]]:
    """The board's JSON as a long table with ``LONG_COLUMNS``.

    One line per league, view or setting, method and column. ``rank`` counts as a column, and so
    does ``rank_by_aubc``, the rank by a metric that readers may choose; ``compared`` says among
    which methods a relational figure was computed. Views of a single setting are left out, as the
    setting is there. Texts are as they are; who writes them to a file guards against formulas.
    """
    for league in content["leagues"]:
        head = (league["title"], league["group"], league["track"])
        epochs = str(league["epochs"])
        for view in league["views"]:
            if isinstance(view["rows"], list):
                names = [view[field] or ALL for field in FILTERED]
                classes = ", ".join(view["classes"]) or ALL
                place = (*head, f"{len(view['settings'])} settings", *names, classes, epochs)
                yield from _long(place, league, view, content)
        for setting in league["blocks"]:
            names = [setting[field] for field in ("name", *FILTERED)]
            yield from _long((*head, *names, ALL, epochs), league, setting, content)


def _long(
    place: Sequence[str], league: Json, table: Json, content: Json
) -> Iterator[tuple[str, ...]]:
    for row in table["rows"]:
        field = dict(zip(ROW, row, strict=False))
        entrant = league["entrants"][field["entrant"]]
        names = (entrant["id"], entrant["name"], STATUSES[field["status"]])
        line = (*place, *names, "; ".join(entrant["badges"]))
        rank = [field["rank"], None, field["rank_low"], field["rank_high"], field["rank_reason"]]
        by = table.get("by", "")
        name = f"rank_by_{by}" if by else "rank"
        yield (*line, name, "", *_numbers(rank, content, table["stamp"]))
        for column, cell in zip(league["columns"], field.get("cells") or (), strict=not by):
            if cell is None and table.get("classes"):
                continue
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

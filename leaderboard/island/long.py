"""The island as a long table."""

from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard.formatting import MISSING
from leaderboard.island.relations import Json
from leaderboard.island.rows import ROW, STATUSES

LONG_COLUMNS = (
    "league", "group", "track", "settings", "dataset", "regime", "patch", "epochs", "method_id",
    "method", "status", "column", "unit", "mean", "spread", "low", "high", "compared", "reason",
)  # fmt: skip


def long_rows(content: Json) -> Iterator[tuple[str, ...]]:
    """One line per league, view or setting, entrant and column, as ``LONG_COLUMNS`` names them.

    ``rank`` counts as a column. ``compared`` names the entrants that a relational figure compares.
    Views of a single setting are left out: the setting is there.
    Texts are as they are; who writes them to a file guards against formulas.
    """
    for league in content["leagues"]:
        head = (league["title"], league["group"], league["track"])
        epochs = str(league["epochs"])
        for view in league["views"]:
            if isinstance(view["rows"], list):
                names = [view[field] or "all" for field in ("dataset", "regime", "patch")]
                place = (*head, f"{len(view['settings'])} settings", *names, epochs)
                yield from _long(place, league, view, content)
        for block in league["blocks"]:
            names = [block[field] for field in ("name", "dataset", "regime", "patch")]
            yield from _long((*head, *names, epochs), league, block, content)


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

"""Leagues, views and settings of the island."""

from collections.abc import Mapping
from typing import Any

from leaderboard.island.relations import Json, relation_fields
from leaderboard.island.rows import FEWEST, Reasons, cell, cut, row_fields
from leaderboard.model import Block, Entrant, League, View


def league_fields(league: League, reasons: Reasons) -> Json:
    """All of a league."""
    order = {entrant.key: index for index, entrant in enumerate(league.entrants)}
    blocks = [_block(block, league, order, reasons) for block in league.blocks]
    by_key = {block["key"]: block for block in blocks}
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
        "columns": [vars(column) for column in league.columns],
        "entrants": [_entrant(entrant) for entrant in league.entrants],
        "blocks": blocks,
        "views": [_view(view, league, order, by_key, reasons) for view in league.views],
        "relations": relation_fields(league.relations, order),
    }


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
    blocks: Mapping[str, Json],
    reasons: Reasons,
) -> Json:
    rows: Any = [row_fields(row, league, order, reasons) for row in view.rows]
    if len(view.settings) == 1:
        tables = [[row[:FEWEST] for row in blocks[view.settings[0]]["rows"]], rows]
        if cut(tables[0]) == cut(tables[1]):
            rows = view.settings[0]
    return {
        "dataset": view.dataset,
        "regime": view.regime,
        "patch": view.patch,
        "settings": list(view.settings),
        "ranked_by": view.ranked_by,
        "stamp": view.stamp,
        "caution": view.caution,
        "rows": rows,
    }


def _block(block: Block, league: League, order: Mapping[str, int], reasons: Reasons) -> Json:
    return {
        "key": block.key,
        "name": block.name,
        "dataset": block.dataset,
        "regime": block.regime,
        "patch": block.patch,
        "patch_role": block.patch_role,
        "epochs": block.epochs,
        "seeds": list(block.seeds),
        "full_data": cell(block.full_data, "%", reasons),
        "classes": next(([c.name for c in row.classes] for row in block.rows if row.classes), []),
        "ranked_by": block.ranked_by,
        "stamp": block.stamp,
        "caution": block.caution,
        "rows": [row_fields(row, league, order, reasons) for row in block.rows],
    }

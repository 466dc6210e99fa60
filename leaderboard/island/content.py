"""The whole island."""

import json

from leaderboard.island.leagues import league_fields
from leaderboard.island.long import LONG_COLUMNS
from leaderboard.island.relations import Json
from leaderboard.island.rows import ROW, STATUSES, Reasons
from leaderboard.model import Board
from leaderboard.rounding import number

ABOUT = (
    "A cell is null, a mean, [index into reasons] where there is no mean, or "
    "[mean, spread, low, high, index into reasons] cut after its last entry. A row lists the "
    "fields of 'row', cut likewise; 'entrant' is an index into the league's entrants, 'cells' "
    "follow its columns. A view whose 'rows' is a key has the rows of that setting. A curve lists "
    "[patches, labelled foreground %, Mean Dice %, low, high] by loop, a fit [gamma, standard "
    "error, t0, y0, full-data Dice, [[share, Dice], ...]], classes [Dice %, std, labelled %] in "
    "the order of the setting's classes."
)


def island(board: Board) -> Json:
    """The board as plain dictionaries and lists; the same board gives the same text.

    Numbers are rounded by ``leaderboard.rounding.number``.
    """
    reasons = Reasons()
    leagues = [league_fields(league, reasons) for league in board.leagues]
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
        "length_effects": [
            {
                **{name: getattr(item, name) for name in ("method", "leagues", "blocks", "metric")},
                "difference": number(item.difference, "%"),
                "p_value": float(f"{item.p_value:.4g}"),
                "significant": item.significant,
            }
            for item in board.length_effects
        ],
        "left_out": [[item.file, item.reason] for item in board.left_out],
        "bibliography": board.bibliography,
    }


def to_json(board: Board) -> str:
    """The island as text."""
    return dump(island(board))


def dump(content: Json) -> str:
    """Compact JSON."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

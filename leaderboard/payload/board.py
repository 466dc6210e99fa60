"""The board as compact JSON: what the page's script reads, and what a reader downloads.

Two of its keys are older than today's words: ``blocks`` are a league's settings, ``stamp`` is the
number and id of the ranked methods.
"""

import json
from typing import Any

from leaderboard.model import Board
from leaderboard.payload.league import league_json
from leaderboard.payload.long import LONG_COLUMNS
from leaderboard.payload.relations import length_effect_json
from leaderboard.payload.rows import ROW, STATUSES, Reasons
from leaderboard.payload.studies import study_json

Json = dict[str, Any]
ABOUT = (
    "A cell is null, a mean, [index into reasons] where there is no mean, or "
    "[mean, spread, low, high, index into reasons], cut after its last entry. A row lists the "
    "fields of 'row', likewise cut; 'entrant' is an index into the league's entrants, 'cells' "
    "follow its columns. 'blocks' are the league's settings; a view whose 'rows' is a key has the "
    "rows of that setting. 'ranked_over' are the settings that its ranks compare, if not all; "
    "'leading' is 1 for the best method without ground truth and those not significantly worse, "
    "'partial' where an incomplete method stands over the settings it has. 'default' is the league "
    "shown first. "
    "In a verdict, 'nothing' is true if the results can't separate the methods; 'other_seeds' and "
    "'other_settings' are [expected Kendall's tau with a repeat, its 5 % quantile], or null for "
    "'repeat_reason'. A view with 'by' ranks by that column; its rows lack cells, seeds and notes, "
    "which are those "
    "of the view without 'by' that has the same settings and 'classes': the classes that its "
    "figures are means over, if not all. 'concordance' compares its ranks with the usual ones; "
    "'swaps' are pairs of methods in another order with significant differences in both. "
    "'stamp' is the number and id of the ranked methods. A curve lists "
    "[patches, labelled foreground %, Mean Dice %, low, high] by loop, a fit [gamma, standard "
    "error, t0, y0, full-data Dice, [[labelled fraction, Dice], ...]], classes [Dice %, std, "
    "labelled %] in the order of the setting's classes."
)


def board_json(board: Board) -> Json:
    """The board as plain dictionaries and lists; the same board gives the same text.

    Numbers are rounded by ``leaderboard.formatting.number``.
    """
    reasons = Reasons()
    leagues = [league_json(league, reasons) for league in board.leagues]
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
        "default": board.default,
        "leagues": leagues,
        "length_effects": [length_effect_json(item) for item in board.length_effects],
        "studies": [study_json(study) for study in board.studies],
        "apart": [[item.folder, item.reason] for item in board.apart],
        "unvouched": list(board.unvouched),
        "left_out": [[item.file, item.reason] for item in board.left_out],
        "bibliography": board.bibliography,
    }


def to_json(board: Board) -> str:
    """``board_json`` as text."""
    return dump(board_json(board))


def dump(content: Json) -> str:
    """Compact JSON."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

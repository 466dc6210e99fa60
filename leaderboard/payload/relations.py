"""Relations between methods in the board's JSON."""

from collections.abc import Mapping
from typing import Any

from leaderboard.formatting import number, rounded
from leaderboard.model import CriticalDifference, LengthEffect, Relations
from leaderboard.payload.rows import p_value
from leaderboard.undefined import Undefined

Json = dict[str, Any]


def relations_json(relations: Relations, order: Mapping[str, int]) -> Json:
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
                "matrix": [[rounded(share, 4) for share in line] for line in penalty.matrix],
                "wins": [rounded(share, 4) for share in penalty.wins],
                "losses": [rounded(share, 4) for share in penalty.losses],
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
            [item.first, item.second, rounded(item.tau, 4), p_value(item.p_value)]
            for item in relations.agreements
        ],
        "query_sizes": [
            {
                "entrant": order[item.entrant],
                "settings": list(item.settings),
                "metric": item.metric,
                "tau": rounded(item.tau, 4),
                "p_value": p_value(item.p_value),
                "points": item.points,
            }
            for item in relations.query_sizes
        ],
    }


def _critical(critical: CriticalDifference, order: Mapping[str, int]) -> Json:
    return {
        "mean_ranks": [rounded(rank, 4) for rank in critical.mean_ranks],
        "difference": rounded(critical.difference, 4),
        "groups": [[order[key] for key in group] for group in critical.groups],
        "settings": critical.settings,
        "p_value": p_value(critical.p_value),
        "warning": critical.warning,
    }


def length_effect_json(effect: LengthEffect) -> Json:
    """An effect of longer training."""
    return {
        "method": effect.method,
        "leagues": effect.leagues,
        "blocks": effect.settings,
        "metric": effect.metric,
        "difference": number(effect.difference, "%"),
        "p_value": p_value(effect.p_value),
        "significant": effect.significant,
    }

"""What depends on who else has entered, in the island."""

from collections.abc import Mapping
from typing import Any

from leaderboard.model import Relations

Json = dict[str, Any]


def relation_fields(relations: Relations, order: Mapping[str, int]) -> Json:
    """Ranks, penalties, tests and taus; entrants by their place in the league."""
    critical = relations.critical
    return {
        "entrants": [order[key] for key in relations.entrants],
        "stamp": relations.stamp,
        "penalties": [
            {
                "title": penalty.title,
                "matrix": [[round(share, 4) for share in line] for line in penalty.matrix],
                "wins": [round(share, 4) for share in penalty.wins],
                "losses": [round(share, 4) for share in penalty.losses],
            }
            for penalty in relations.penalties
        ],
        "penalties_reason": relations.penalties_reason,
        "ranks": {
            metric: {key: list(ranks) for key, ranks in by_block.items()}
            for metric, by_block in relations.ranks.items()
        },
        "critical": critical
        and {
            "mean_ranks": [round(rank, 4) for rank in critical.mean_ranks],
            "difference": round(critical.difference, 4),
            "groups": [[order[key] for key in group] for group in critical.groups],
            "settings": critical.settings,
            "p_value": float(f"{critical.p_value:.4g}"),
            "warning": critical.warning,
        },
        "critical_reason": relations.critical_reason,
        "agreements": [
            [item.first, item.second, round(item.tau, 4), float(f"{item.p_value:.4g}")]
            for item in relations.agreements
        ],
        "query_sizes": [
            {
                "entrant": order[item.entrant],
                "settings": list(item.blocks),
                "metric": item.metric,
                "tau": round(item.tau, 4),
                "p_value": float(f"{item.p_value:.4g}"),
                "points": item.points,
            }
            for item in relations.query_sizes
        ],
    }

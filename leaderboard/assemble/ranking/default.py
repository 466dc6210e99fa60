"""The ranking that the page shows first."""

from collections.abc import Mapping, Sequence

from leaderboard.model import League

MAIN = "full"
"""Track of the papers' main benchmark."""


def default_league(leagues: Sequence[League], finished: Mapping[str, str]) -> str:
    """Key of the league that the page shows first; empty if there is none.

    The measured league with the newest result: one that is comparable and follows the current
    protocol before one that isn't comparable, and that before an outdated one. Where nothing was
    measured, the papers' main benchmark.

    Args:
        leagues: in the order of the board.
        finished: by key of the measured leagues that may come first: when their newest result was
            finished, as ISO 8601 text; empty if no result says it.
    """
    measured = [league for league in leagues if league.key in finished]
    if measured:
        # The first of equals.
        best = max(measured, key=lambda league: (*_standing(league), finished[league.key]))
        return best.key
    ordered = sorted(
        leagues, key=lambda league: (league.group, league.track) != ("published", MAIN)
    )
    return ordered[0].key if ordered else ""


def _standing(league: League) -> tuple[bool, bool]:
    outdated = any("outdated protocol" in entrant.badges for entrant in league.entrants)
    return not outdated, league.comparable

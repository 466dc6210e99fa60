"""Places of entrants in one table: rank, its interval, and who can't be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.assemble.columns import NEEDS_SEEDS
from leaderboard.formatting import counted
from leaderboard.metrics import NoAnswerError, rank_intervals, ranks, tie_letters
from nnactive.streams import stream

ENOUGH_SEEDS = 5
"""From so many seeds on a bootstrap over them can be taken at its word,"""
ENOUGH_SETTINGS = 3
"""or from so many settings on."""


@dataclass(frozen=True)
class Place:
    """An entrant's place."""

    rank: int | None
    low: int | None = None
    high: int | None = None
    reason: str | None = None
    """Why there is no rank, or no interval."""
    ties: str = ""


def caution(by_seed: Sequence[Mapping[str, np.ndarray]]) -> str:
    """What to beware of in the intervals and letters of a table; empty if there is nothing.

    Args:
        by_seed: as for ``places``.
    """
    seeds = min((len(scores) for setting in by_seed for scores in setting.values()), default=0)
    if not seeds or seeds >= ENOUGH_SEEDS or len(by_seed) >= ENOUGH_SETTINGS:
        return ""
    return (
        f"rank intervals and letters rest on {counted(seeds, 'seed')} in "
        f"{counted(len(by_seed), 'setting')}: they are too narrow, and some differences that they "
        "show are chance"
    )


def places(
    means: Mapping[str, float], by_seed: Sequence[Mapping[str, np.ndarray]], names: Sequence[object]
) -> dict[str, Place]:
    """Places of the ranked entrants of a table.

    Ranks follow the mean scores; intervals and tie groups a bootstrap over the single ones, whose
    draws depend on ``names`` alone, not on who has entered.

    Args:
        means: mean score in percent by entrant.
        by_seed: for each setting the scores by entrant and seed, all entrants with the same seeds;
            empty where single seeds are not known.
        names: of the table, for its random stream.
    """
    if not means:
        return {}
    entrants = sorted(means)
    found = dict(zip(entrants, ranks([means[key] for key in entrants]), strict=True))
    if not by_seed:
        return {key: Place(rank, reason=NEEDS_SEEDS) for key, rank in found.items()}
    scores = [np.stack([setting[key] for key in entrants]) for setting in by_seed]
    best_first = sorted(range(len(entrants)), key=lambda i: (found[entrants[i]], entrants[i]))
    try:
        intervals = rank_intervals(scores, stream("leaderboard", *names))
        ties = tie_letters(intervals.different, best_first)
    except NoAnswerError as refusal:
        return {key: Place(rank, reason=str(refusal)) for key, rank in found.items()}
    return {
        key: Place(
            found[key], int(intervals.rank_low[i]), int(intervals.rank_high[i]), ties=ties[i]
        )
        for i, key in enumerate(entrants)
    }

"""Ranks of methods within one setting."""

from collections.abc import Sequence


def ranks(scores: Sequence[float], decimals: int = 2) -> list[int]:
    """Rank of each score, 1 the highest; Dice, AUBC and primary scores in percent.

    Scores are compared after rounding to ``decimals``; ties share the lowest rank and the next rank
    is left out: one plus the number of better scores. A duplicate of a method gets its rank and
    moves those behind it by one. Source: protocol section 6.

    >>> ranks([50.0, 70.0, 60.0, 60.001])
    [4, 1, 2, 2]
    """
    rounded = [round(score, decimals) for score in scores]
    order = sorted(rounded, reverse=True)
    place = {score: rank for rank, score in reversed(list(enumerate(order, start=1)))}
    return [place[score] for score in rounded]

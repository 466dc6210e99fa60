"""Ranks of methods within one setting."""

from collections.abc import Sequence


def ranks(scores: Sequence[float]) -> list[int]:
    """Rank of each score, 1 the highest, of scores in [0, 1] where higher is better.

    Scores are compared after rounding to two decimals of percent; ties share the lowest rank and
    the next rank is left out: one plus the number of better scores. Source: protocol section 6.

    >>> ranks([0.5, 0.7, 0.6, 0.60001])
    [4, 1, 2, 2]
    """
    rounded = [round(100 * score, 2) for score in scores]
    return [1 + sum(other > score for other in rounded) for score in rounded]

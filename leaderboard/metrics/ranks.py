"""Ranks of methods within one setting."""

import math
from collections.abc import Sequence

import numpy as np

from leaderboard.formatting import rounded


def compared(scores: np.ndarray, decimals: int = 2) -> np.ndarray:
    """Scores as ranks compare them: rounded to ``decimals``, halves up; NaN stays.

    >>> compared(np.array([[69.345, 69.3449]])).tolist()
    [[69.35, 69.34]]
    """
    scores = np.asarray(scores, dtype=np.float64)
    kept = [each if math.isnan(each) else rounded(each, decimals) for each in scores.flat]
    return np.array(kept, dtype=np.float64).reshape(scores.shape)


def ranks(scores: Sequence[float], decimals: int = 2) -> list[int]:
    """Rank of each score, 1 the highest; Dice, AUBC and primary scores in percent.

    Scores are compared after rounding to ``decimals``, halves up, as people round; ties share the
    lowest rank and the next rank is left out: one plus the number of better scores. A duplicate of
    a method gets its rank and moves those behind it by one. Source: protocol section 6.

    >>> ranks([50.0, 70.0, 60.0, 60.001])
    [4, 1, 2, 2]
    """
    kept = [rounded(score, decimals) for score in scores]
    order = sorted(kept, reverse=True)
    place = {score: rank for rank, score in reversed(list(enumerate(order, start=1)))}
    return [place[score] for score in kept]

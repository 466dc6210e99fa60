"""Mean rank over settings."""

from typing import NamedTuple

import numpy as np

from leaderboard.metrics.refusal import NoAnswerError


class MeanRanks(NamedTuple):
    """Of k methods."""

    mean: np.ndarray
    """Shape ``(k,)``."""
    standard_error: np.ndarray | None
    """Sample standard deviation over settings / sqrt(settings), ``(k,)``; None with one setting."""


def mean_ranks(ranks: np.ndarray) -> MeanRanks:
    """Mean over settings of the ranks ``(settings, k)``, with its standard error.

    Relational: an entrant more can only raise the ranks of the others. Source: protocol section 6.

    >>> mean, error = mean_ranks(np.array([[1, 2], [2, 1], [1, 2], [1, 2]]))
    >>> mean.tolist(), error.tolist()
    ([1.25, 1.75], [0.25, 0.25])

    Raises:
        NoAnswerError: No setting.
    """
    ranks = np.asarray(ranks, dtype=np.float64)
    settings = len(ranks)
    if not settings:
        raise NoAnswerError("no setting")
    error = ranks.std(axis=0, ddof=1) / np.sqrt(settings) if settings > 1 else None
    return MeanRanks(ranks.mean(axis=0), error)

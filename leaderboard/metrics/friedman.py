"""Friedman test: whether any methods differ over settings."""

from dataclasses import dataclass

import numpy as np

from leaderboard.undefined import UndefinedMetricError


@dataclass(frozen=True)
class Friedman:
    """Result of the test."""

    statistic: float
    """Chi-square with k - 1 degrees of freedom, corrected for ties."""
    p_value: float


def friedman(scores: np.ndarray) -> Friedman:
    """Friedman test over settings of the scores ``(settings, k methods)``.

    ``12 N / (k (k + 1)) (sum_j R_j^2 - k (k + 1)^2 / 4)`` with the mean ranks R_j (ties share their
    average), divided by ``1 - sum (t^3 - t) / (N k (k^2 - 1))`` over groups of t ties.
    Relational. Source: protocol section 6; Demsar 2006, section 3.2.2.

    >>> friedman(np.array([[70.0, 60.0, 50.0], [80.0, 75.0, 70.0]])).statistic
    4.0

    Raises:
        UndefinedMetricError: Fewer than three methods or two settings, a missing score, or only
            ties.
    """
    scores = checked_scores(scores)
    from scipy.stats import friedmanchisquare

    with np.errstate(invalid="ignore", divide="ignore"):
        statistic, p_value = friedmanchisquare(*scores.T)
    if not np.isfinite(statistic):
        raise UndefinedMetricError("all methods are tied in every setting")
    return Friedman(float(statistic), float(p_value))


def checked_scores(scores: np.ndarray) -> np.ndarray:
    """Scores ``(settings, k)``, checked for a test over settings.

    Raises:
        UndefinedMetricError: Fewer than three methods or two settings, or a missing score.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if len(scores) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a test over settings needs at least 2 settings")
    if scores.shape[1] < 3:  # noqa: PLR2004
        raise UndefinedMetricError("a test over settings needs at least 3 methods")
    if not np.isfinite(scores).all():
        raise UndefinedMetricError("a method lacks a setting")
    return scores

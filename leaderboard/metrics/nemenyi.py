"""Nemenyi post-hoc test: which methods cannot be distinguished over settings."""

from dataclasses import dataclass

import numpy as np

from leaderboard.metrics.friedman import checked_scores


@dataclass(frozen=True)
class Nemenyi:
    """What a critical-difference diagram shows of k methods."""

    mean_ranks: np.ndarray
    """Over settings, ties share their average; shape ``(k,)``."""
    difference: float
    """Critical difference of two mean ranks."""
    groups: tuple[tuple[int, ...], ...]
    """Largest runs of two or more methods within the critical difference, best first."""


def nemenyi(scores: np.ndarray, alpha: float = 0.05) -> Nemenyi:
    """Nemenyi test over settings of the scores ``(settings, k methods)``, higher is better.

    Critical difference ``q sqrt(k (k + 1) / (6 N))``, q the upper alpha point of the studentised
    range over k groups / sqrt(2). Relational: all mean ranks and the difference change with
    another method. Source: protocol section 6; Demsar 2006, section 3.2.2.

    >>> test = nemenyi(np.array([[70.0, 60.0, 50.0], [80.0, 75.0, 70.0]]))
    >>> test.mean_ranks.tolist(), round(test.difference, 3), test.groups
    ([1.0, 2.0, 3.0], 2.344, ((0, 1, 2),))

    Raises:
        UndefinedMetricError: Fewer than three methods or two settings, or a missing score.
    """
    scores = checked_scores(scores)
    from scipy.stats import rankdata, studentized_range

    settings, k = scores.shape
    mean_ranks = rankdata(-scores, axis=1).mean(axis=0)
    quantile = float(studentized_range.ppf(1 - alpha, k, np.inf)) / np.sqrt(2)
    difference = float(quantile * np.sqrt(k * (k + 1) / (6 * settings)))
    return Nemenyi(
        mean_ranks=mean_ranks,
        difference=difference,
        groups=_groups(mean_ranks, difference),
    )


def _groups(mean_ranks: np.ndarray, difference: float) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(mean_ranks, kind="stable")
    ends = np.searchsorted(mean_ranks[order], mean_ranks[order] + difference, side="right")
    groups: list[tuple[int, ...]] = []
    reached = 0
    for start, end in enumerate(ends.tolist()):
        if end > reached and end - start > 1:
            groups.append(tuple(order[start:end].tolist()))
            reached = end
    return tuple(groups)

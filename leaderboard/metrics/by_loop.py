"""Figures of single loops beside Mean Dice, and what follows from them by seed."""

from collections.abc import Callable, Sequence

import numpy as np

from leaderboard.metrics.aubc import area
from leaderboard.metrics.runs import Runs
from leaderboard.metrics.spread import mean
from leaderboard.read.facts import LoopFacts
from leaderboard.undefined import UndefinedMetricError

METRICS_RELOADED = "Metrics Reloaded, doi:10.1038/s41592-023-02151-z"
"""Source of the definitions."""
SURFACES, CALIBRATION = "surfaces", "calibration data"
"""What older results lack."""


def by_loop(
    runs: Runs, name: str, figure: Callable[[LoopFacts], float | None], what: str
) -> np.ndarray:
    """A figure of every loop at the runs' budgets, shape ``(seeds, loops)``.

    Args:
        runs: of one method in one setting.
        name: of the figure, by which the runs keep it.
        figure: of a loop; None: the loop lacks it.
        what: from which it follows, for the reason why there is none.

    Raises:
        UndefinedMetricError: No loop has it, or some lack it.
    """
    if name not in runs.kept:
        runs.kept[name] = _by_loop(runs, figure, what)
    return runs.kept[name]


def _by_loop(runs: Runs, figure: Callable[[LoopFacts], float | None], what: str) -> np.ndarray:
    wanted = set(runs.budgets)
    loops = [
        [loop for loop in each.loops if loop.labelled_patches in wanted] for each in runs.results
    ]
    found = [[figure(loop) for loop in own] for own in loops]
    if all(value is None for own in found for value in own):
        raise UndefinedMetricError(f"no {what} in these results")
    for result, own, values in zip(runs.results, loops, found, strict=True):
        for loop, value in zip(own, values, strict=True):
            if value is None:
                raise UndefinedMetricError(f"seed {result.seed}: loop {loop.loop} lacks {what}")
    return np.array(found, dtype=np.float64)


def over_classes(values: Sequence[float | None] | None) -> float | None:
    """Mean over the foreground classes that a reference has; None without any.

    >>> over_classes((1.0, None, 3.0)), over_classes((None,)), over_classes(None)
    (2.0, None, None)
    """
    known = [value for value in values or () if value is not None]
    return mean(known) if known else None


def areas(runs: Runs, values: np.ndarray) -> np.ndarray:
    """The figures averaged over the labelling budget as in AUBC, shape ``(seeds,)``.

    Args:
        runs: whose budgets they are.
        values: shape ``(seeds, loops)``.

    Raises:
        UndefinedMetricError: As ``area``.
    """
    return np.array([area(runs.budgets, row) for row in values.tolist()])

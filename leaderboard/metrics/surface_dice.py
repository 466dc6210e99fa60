"""Normalised surface Dice (NSD): how much of the surfaces lies within a tolerance of each other."""

import numpy as np

from leaderboard.metrics.by_loop import METRICS_RELOADED, SURFACES, areas, by_loop, over_classes
from leaderboard.metrics.metric import INTERVAL, PERCENT, SeedMetric
from leaderboard.metrics.runs import Runs


def nsd_by_loop(runs: Runs, tolerance: int) -> np.ndarray:
    """NSD, mean over test cases per class, then over classes; in [0, 1], ``(seeds, loops)``.

    ``tolerance`` is 0 for one voxel of the target spacing and 1 for two. Source: Metrics Reloaded;
    Nikolov et al. 2021, doi:10.2196/26151.

    Raises:
        UndefinedMetricError: A loop lacks it.
    """
    return by_loop(
        runs,
        f"nsd{tolerance + 1}",
        lambda loop: (
            None
            if loop.surface_dice is None or tolerance >= len(loop.surface_dice)
            else over_classes(loop.surface_dice[tolerance])
        ),
        SURFACES,
    )


_HELP = (
    "normalised surface Dice: the fraction of the two surfaces that lies within {} of the target "
    "spacing of each other; mean over test cases and classes"
)


def _area(name: str, voxels: str, tolerance: int, order: int) -> SeedMetric:
    return SeedMetric(
        name=name,
        title=f"NSD@{tolerance + 1} AUBC",
        unit="%",
        help=f"As AUBC, with {_HELP.format(voxels)}; {INTERVAL} ({METRICS_RELOADED}).",
        higher_is_better=True,
        order=order,
        by_seed=lambda runs, _: PERCENT * areas(runs, nsd_by_loop(runs, tolerance)),
        by_class=True,
        least=0,
        most=100,
    )


def _final(name: str, voxels: str, tolerance: int, order: int) -> SeedMetric:
    return SeedMetric(
        name=name,
        title=f"Final NSD@{tolerance + 1}",
        unit="%",
        help=f"After the last loop, {_HELP.format(voxels)}; {INTERVAL} ({METRICS_RELOADED}).",
        higher_is_better=True,
        order=order,
        by_seed=lambda runs, _: PERCENT * nsd_by_loop(runs, tolerance)[:, -1],
        by_class=True,
        least=0,
        most=100,
    )


NSD1_AUBC = _area("nsd1_aubc", "1 voxel", 0, 51)
NSD1_FINAL = _final("nsd1_final", "1 voxel", 0, 52)
NSD2_AUBC = _area("nsd2_aubc", "2 voxels", 1, 53)
NSD2_FINAL = _final("nsd2_final", "2 voxels", 1, 54)

"""Normalised surface Dice (NSD): how much of the surfaces lies within a tolerance of each other."""

import numpy as np

from leaderboard.metrics.by_loop import METRICS_RELOADED, SURFACES, areas, by_loop, over_classes
from leaderboard.metrics.metric import INTERVAL, PERCENT, SeedMetric
from leaderboard.metrics.reference import Reference
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


def _nsd(tolerance: int, order: int, *, final: bool) -> SeedMetric:
    """After the last loop, or over all of them as in AUBC; ``tolerance`` as in `nsd_by_loop`."""
    voxels = ("1 voxel", "2 voxels")[tolerance]
    about = (
        f"normalised surface Dice: the fraction of the two surfaces that lies within {voxels} of "
        "the target spacing of each other; mean over test cases and classes"
    )

    def by_seed(runs: Runs, _: Reference) -> np.ndarray:
        found = nsd_by_loop(runs, tolerance)
        return PERCENT * (found[:, -1] if final else areas(runs, found))

    title = f"NSD@{tolerance + 1}"
    return SeedMetric(
        name=f"nsd{tolerance + 1}_{'final' if final else 'aubc'}",
        title=f"Final {title}" if final else f"{title} AUBC",
        unit="%",
        help=f"{'After the last loop,' if final else 'As AUBC, with'} {about}; {INTERVAL} "
        f"({METRICS_RELOADED}).",
        higher_is_better=True,
        order=order,
        by_seed=by_seed,
        by_class=True,
        least=0,
        most=100,
    )


NSD1_AUBC = _nsd(0, 51, final=False)
NSD1_FINAL = _nsd(0, 52, final=True)
NSD2_AUBC = _nsd(1, 53, final=False)
NSD2_FINAL = _nsd(1, 54, final=True)

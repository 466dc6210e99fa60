"""95th-percentile Hausdorff distance (HD95): how far apart the surfaces are at their worst."""

import numpy as np

from leaderboard.metrics.by_loop import METRICS_RELOADED, SURFACES, areas, by_loop, over_classes
from leaderboard.metrics.metric import INTERVAL, SeedMetric
from leaderboard.metrics.runs import Runs


def hd95_by_loop(runs: Runs) -> np.ndarray:
    """HD95 in mm, mean over test cases per class, then over classes; shape ``(seeds, loops)``.

    A case in which only reference or prediction has the class counts the image's diagonal. Source:
    Metrics Reloaded.

    Raises:
        UndefinedMetricError: A loop lacks it.
    """
    return by_loop(runs, "hd95", lambda loop: over_classes(loop.hausdorff95), SURFACES)


_HELP = (
    "95th-percentile Hausdorff distance between the surfaces of prediction and reference, lower "
    "is better; mean over test cases and classes, a class that one of them misses counts the "
    "image's diagonal"
)
HD95_AUBC = SeedMetric(
    name="hd95_aubc",
    title="HD95 AUBC",
    unit="mm",
    help=f"As AUBC, with {_HELP}; {INTERVAL} ({METRICS_RELOADED}).",
    higher_is_better=False,
    order=55,
    by_seed=lambda runs, _: areas(runs, hd95_by_loop(runs)),
    by_class=True,
    least=0,
)
HD95_FINAL = SeedMetric(
    name="hd95_final",
    title="Final HD95",
    unit="mm",
    help=f"After the last loop, {_HELP}; {INTERVAL} ({METRICS_RELOADED}).",
    higher_is_better=False,
    order=56,
    by_seed=lambda runs, _: hd95_by_loop(runs)[:, -1],
    by_class=True,
    least=0,
)

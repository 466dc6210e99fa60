"""Expected calibration error (ECE): how far the ensemble's probabilities are from its accuracy."""

import numpy as np

from leaderboard.metrics.by_loop import CALIBRATION, METRICS_RELOADED, by_loop
from leaderboard.metrics.metric import INTERVAL, PERCENT, SeedMetric
from leaderboard.metrics.runs import Runs


def ece_by_loop(runs: Runs, *, foreground: bool = False) -> np.ndarray:
    """ECE of the ensemble on the test set, in [0, 1], shape ``(seeds, loops)``.

    Over all voxels, or over those that are foreground in the reference or in the segmentation.
    Source: Guo et al. 2017, arXiv:1706.04599; Metrics Reloaded.

    Raises:
        UndefinedMetricError: A loop lacks it.
    """
    if foreground:
        name = "fg_ece"
        return by_loop(runs, name, lambda loop: loop.foreground_calibration_error, CALIBRATION)
    return by_loop(runs, "ece", lambda loop: loop.calibration_error, CALIBRATION)


_HELP = (
    "expected calibration error of the ensemble on the test set: the mean gap between confidence "
    "and accuracy over {}; lower is better"
)
_EVERYWHERE = _HELP.format("all voxels, most of which are background")
_FOREGROUND = _HELP.format("voxels that are foreground in reference or segmentation")


def _final(name: str, title: str, about: str, order: int, *, foreground: bool) -> SeedMetric:
    return SeedMetric(
        name=name,
        title=title,
        unit="%",
        help=f"After the last loop, {about}; {INTERVAL} ({METRICS_RELOADED}).",
        higher_is_better=False,
        order=order,
        by_seed=lambda runs, _: PERCENT * ece_by_loop(runs, foreground=foreground)[:, -1],
        least=0,
        most=100,
    )


def _mean(name: str, title: str, about: str, order: int, *, foreground: bool) -> SeedMetric:
    return SeedMetric(
        name=name,
        title=title,
        unit="%",
        help=f"Mean over all loops, loop 0 included, of the {about}; {INTERVAL} "
        f"({METRICS_RELOADED}).",
        higher_is_better=False,
        order=order,
        by_seed=lambda runs, _: PERCENT * ece_by_loop(runs, foreground=foreground).mean(axis=1),
        least=0,
        most=100,
    )


FG_ECE_FINAL = _final("fg_ece_final", "Final FG-ECE", _FOREGROUND, 81, foreground=True)
FG_ECE_MEAN = _mean("fg_ece_mean", "FG-ECE over loops", _FOREGROUND, 82, foreground=True)
ECE_FINAL = _final("ece_final", "Final ECE", _EVERYWHERE, 83, foreground=False)
ECE_MEAN = _mean("ece_mean", "ECE over loops", _EVERYWHERE, 84, foreground=False)

"""Figures by loop beside Mean Dice: what cards and comparisons draw as curves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leaderboard.metrics.calibration import ece_by_loop
from leaderboard.metrics.hausdorff import hd95_by_loop
from leaderboard.metrics.metric import PERCENT
from leaderboard.metrics.runs import Runs
from leaderboard.metrics.surface_dice import nsd_by_loop


@dataclass(frozen=True)
class LoopCurve:
    """A figure that every loop has."""

    name: str
    title: str
    unit: str
    columns: tuple[str, ...]
    """Names of the metrics that summarise it."""
    by_loop: Callable[[Runs], np.ndarray]
    """In its unit, shape ``(seeds, loops)``; undefined where a loop lacks it."""


CURVES = (
    LoopCurve(
        "nsd1",
        "NSD@1",
        "%",
        ("nsd1_aubc", "nsd1_final"),
        lambda runs: PERCENT * nsd_by_loop(runs, 0),
    ),
    LoopCurve(
        "nsd2",
        "NSD@2",
        "%",
        ("nsd2_aubc", "nsd2_final"),
        lambda runs: PERCENT * nsd_by_loop(runs, 1),
    ),
    LoopCurve("hd95", "HD95", "mm", ("hd95_aubc", "hd95_final"), hd95_by_loop),
    LoopCurve(
        "fg_ece",
        "FG-ECE",
        "%",
        ("fg_ece_final", "fg_ece_mean"),
        lambda runs: PERCENT * ece_by_loop(runs, foreground=True),
    ),
    LoopCurve(
        "ece", "ECE", "%", ("ece_final", "ece_mean"), lambda runs: PERCENT * ece_by_loop(runs)
    ),
)

"""One complete experiment as the numbers that the board needs of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.results import ExperimentResult, LoopResult, dice_per_class
from leaderboard.metrics import Curve, NoAnswerError, learning_curve

COSTS = (
    "query_seconds", "query_peak_gib", "training_hours", "patches", "voxels", "foreground", "effort"
)  # fmt: skip
"""Keys of ``Experiment.costs``, names of columns."""
HOUR = 3600


@dataclass(frozen=True)
class Experiment:
    """What a complete experiment achieved and what it cost."""

    seed: int
    curve: Curve | str
    """Patches and Mean Dice by loop, or why there is none."""
    foreground: tuple[float, ...] | str
    """Labelled share of the pool's foreground voxels by loop, in [0, 1]."""
    effort: tuple[float, ...] | str
    """Labelled share of the pool's boundary voxels by loop, in [0, 1]."""
    class_dice: tuple[float, ...]
    """Of the last loop, by foreground class, in [0, 1]; NaN where no test case has the class."""
    class_share: tuple[float, ...]
    """Labelled share of the class's voxels in the pool after the last loop; NaN: it has none."""
    costs: Mapping[str, float | str]
    """By name of ``COSTS``: a number or why there is none."""


def make_experiment(result: ExperimentResult) -> Experiment:
    """The numbers of a result that is complete."""
    try:
        curve: Curve | str = learning_curve(result)
    except NoAnswerError as refusal:
        curve = str(refusal)
    last, pool = result.loops[-1], result.dataset.pool_foreground
    shares = np.asarray(last.labelled_foreground, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = shares / np.asarray(pool, dtype=float)
    return Experiment(
        seed=result.seed,
        curve=curve,
        foreground=_shares([loop.labelled_foreground for loop in result.loops], pool),
        effort=_effort(result),
        class_dice=tuple(dice_per_class(last.counts).tolist()),
        class_share=tuple(np.where(np.isfinite(shares), shares, np.nan).tolist()),
        costs=_costs(result),
    )


def _shares(labelled: list[tuple[int, ...]], pool: tuple[int, ...]) -> tuple[float, ...] | str:
    whole = sum(pool)
    return tuple(sum(loop) / whole for loop in labelled) if whole else "the pool has no foreground"


def _effort(result: ExperimentResult) -> tuple[float, ...] | str:
    labelled, pool = _boundaries(result), result.dataset.pool_boundary
    if isinstance(labelled, str):
        return labelled
    if pool is None:
        return "the pool's boundary voxels were not counted"
    return _shares(labelled, pool)


def _boundaries(result: ExperimentResult) -> list[tuple[int, ...]] | str:
    counted = [loop.labelled_boundary for loop in result.loops]
    known = [labelled for labelled in counted if labelled is not None]
    return known if len(known) == len(counted) else "the labelled boundary voxels were not counted"


def _costs(result: ExperimentResult) -> dict[str, float | str]:
    last, effort = result.loops[-1], _boundaries(result)
    queries = [
        cost for loop in result.loops for step, cost in loop.costs.items() if step == "query"
    ]
    peak = max((cost.peak_memory_gib for cost in queries), default="no query was recorded")
    return {
        "query_seconds": _seconds(result.loops, "query"),
        "query_peak_gib": peak,
        "training_hours": _hours(_seconds(result.loops, "train_fold")),
        "patches": last.labelled_patches,
        "voxels": last.labelled_voxels,
        "foreground": sum(last.labelled_foreground),
        "effort": effort if isinstance(effort, str) else sum(effort[-1]),
    }


def _seconds(loops: tuple[LoopResult, ...], step: str) -> float | str:
    costs = [c.seconds for loop in loops for k, c in loop.costs.items() if k.startswith(step)]
    return sum(costs) if costs else f"no cost of a {step} step was recorded"


def _hours(seconds: float | str) -> float | str:
    return seconds if isinstance(seconds, str) else seconds / HOUR

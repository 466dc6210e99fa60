"""Every metric computed anew from result files, by other means than the package's.

One function per declared metric: of a method in a setting, given the complete results of all
methods there by id and seed. Loops over numpy, scipy, pandas and sums; nothing of ``leaderboard``.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.integrate import trapezoid
from scipy.optimize import minimize_scalar
from scipy.stats import ttest_rel

from benchmark.results import ExperimentResult

Results = Mapping[str, Sequence[ExperimentResult]]
Computed = Callable[[Results, str], float]


def dice_curve(result: ExperimentResult) -> list[float]:
    """Mean Dice by loop, case by case."""
    curve = []
    for loop in result.loops:
        classes = []
        counts = (loop.counts.true_positives, loop.counts.false_positives)
        for tp, fp, fn in zip(*counts, loop.counts.false_negatives, strict=True):
            cases = [(2 * a, 2 * a + b + c) for a, b, c in zip(tp, fp, fn, strict=True)]
            classes.append(np.mean([part / whole for part, whole in cases if whole]))
        curve.append(float(np.mean(classes)))
    return curve


def aubc_of(result: ExperimentResult) -> float:
    budgets = [loop.labelled_patches for loop in result.loops]
    area = trapezoid(dice_curve(result), budgets)
    return 100 * area / (budgets[-1] - budgets[0])


def score(results: Results, method: str) -> float:
    start = 100 * start_of(results, lambda result: dice_curve(result)[0])
    full = 100 * (results[method][0].dataset.full_data_dice or 0)
    areas = [aubc_of(result) for result in results[method]]
    return 100 * float(np.mean([(area - start) / (full - start) for area in areas]))


def start_of(results: Results, value: Callable[[ExperimentResult], float]) -> float:
    """Mean over seeds of a value of loop 0, which all methods share."""
    table = pd.DataFrame(
        [(result.seed, value(result)) for each in results.values() for result in each],
        columns=["seed", "value"],
    )
    return float(table.drop_duplicates().groupby("seed")["value"].mean().mean())


def efficiency(labelled: str, pool: str) -> Computed:
    def computed(results: Results, method: str) -> float:
        def share(result: ExperimentResult, loop: int) -> float:
            return sum(getattr(result.loops[loop], labelled)) / sum(getattr(result.dataset, pool))

        t0 = start_of(results, lambda result: share(result, 0))
        y0 = start_of(results, lambda result: dice_curve(result)[0])
        full = results[method][0].dataset.full_data_dice or 0
        loops = range(len(results[method][0].loops))
        t = np.array([[share(result, loop) for loop in loops] for result in results[method]]) - t0
        y = np.array([dice_curve(result) for result in results[method]])

        def squares(log_gamma: float) -> float:
            return float((((y0 - full) * np.exp(-np.exp(log_gamma) * t) + full - y) ** 2).sum())

        found = minimize_scalar(squares, bounds=(0, 9), method="bounded", options={"xatol": 1e-9})
        return float(np.exp(found.x))

    return computed


def mean_rank(results: Results, method: str) -> float:
    """In a single setting: over leave-one-seed-out ranks."""
    areas = pd.DataFrame({name: [aubc_of(r) for r in each] for name, each in results.items()})
    left = [areas.drop(index=seed).mean().round(2) for seed in areas.index]
    return float(np.mean([means.rank(method="min", ascending=False)[method] for means in left]))


def ppm(sign: int) -> Computed:
    def computed(results: Results, method: str) -> float:
        own = np.array([dice_curve(result) for result in results[method]])
        outcomes = []
        for name in results.keys() - {method}:
            rival = np.array([dice_curve(result) for result in results[name]])
            for loop in range(1, own.shape[1]):
                better = sign * (own[:, loop] - rival[:, loop]).mean() > 0
                p_value = ttest_rel(own[:, loop], rival[:, loop]).pvalue
                outcomes.append(better and p_value < 0.05)
        return 100 * float(np.mean(outcomes))

    return computed


def mean_over_seeds(value: Callable[[ExperimentResult], float]) -> Computed:
    return lambda results, method: float(np.mean([value(r) for r in results[method]]))


def seconds(result: ExperimentResult, *steps: str) -> float:
    return sum(
        cost.seconds
        for loop in result.loops
        for step, cost in loop.costs.items()
        if step.rstrip("_0123456789") in steps
    )


REFERENCES: Mapping[str, Computed] = {
    "score": score,
    "aubc": mean_over_seeds(aubc_of),
    "final_dice": mean_over_seeds(lambda result: 100 * dice_curve(result)[-1]),
    "fg_eff": efficiency("labelled_foreground", "pool_foreground"),
    "fg_eff_effort": efficiency("labelled_boundary", "pool_boundary"),
    "mean_rank": mean_rank,
    "ppm_wins": ppm(1),
    "ppm_losses": ppm(-1),
    "query_seconds": mean_over_seeds(lambda result: seconds(result, "query")),
    "query_peak_gib": mean_over_seeds(
        lambda result: max(loop.costs["query"].peak_memory_gib for loop in result.loops[1:])
    ),
    "training_hours": mean_over_seeds(lambda result: seconds(result, "train_fold") / 3600),
    "patches": mean_over_seeds(lambda r: sum(len(loop.patches.case) for loop in r.loops)),
    "voxels": mean_over_seeds(lambda result: result.loops[-1].labelled_voxels),
    "foreground": mean_over_seeds(lambda result: sum(result.loops[-1].labelled_foreground)),
    "effort": mean_over_seeds(lambda result: sum(result.loops[-1].labelled_boundary or ())),
}
"""By metric."""

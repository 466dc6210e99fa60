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

from benchmark.results import ExperimentResult, LoopResult
from nnactive.effort import Effort

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


def voxels(labelled: str, pool: str) -> Callable[[ExperimentResult, int], float]:
    return lambda result, loop: (
        sum(getattr(result.loops[loop], labelled)) / sum(getattr(result.dataset, pool))
    )


WORK: Mapping[str, Callable[[Effort], float]] = {
    "components": lambda effort: sum(effort.components),
    "slices": lambda effort: effort.slices,
    "images": lambda effort: effort.images,
    "minutes": lambda effort: (
        effort.images * 0.5
        + (effort.slices + effort.empty_slices + 2.4 * sum(effort.components)) / 60
        + sum(effort.contour) * 0.045 / 60
    ),
}
"""The minutes at the rates of the shipped file."""


def work(kind: str) -> Callable[[ExperimentResult, int], float]:
    def share(result: ExperimentResult, loop: int) -> float:
        done, pool = result.loops[loop].effort, result.dataset.pool_effort
        assert done is not None
        assert pool is not None
        return WORK[kind](done) / WORK[kind](pool)

    return share


def last_work(kind: str) -> Callable[[ExperimentResult], float]:
    def value(result: ExperimentResult) -> float:
        done = result.loops[-1].effort
        assert done is not None
        return WORK[kind](done)

    return value


def efficiency(share: Callable[[ExperimentResult, int], float]) -> Computed:
    def computed(results: Results, method: str) -> float:
        t0 = start_of(results, lambda result: share(result, 0))
        y0 = start_of(results, lambda result: dice_curve(result)[0])
        full = results[method][0].dataset.full_data_dice or 0
        loops = range(len(results[method][0].loops))
        t = np.array([[share(result, loop) for loop in loops] for result in results[method]]) - t0
        y = np.array([dice_curve(result) for result in results[method]])

        def squares(log_gamma: float) -> float:
            return float((((y0 - full) * np.exp(-np.exp(log_gamma) * t) + full - y) ** 2).sum())

        found = minimize_scalar(squares, bounds=(-5, 9), method="bounded", options={"xatol": 1e-9})
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


def class_means(seen: np.ndarray, values: np.ndarray, present: np.ndarray) -> float:
    """Over the cases that show a class in either segmentation, then over the classes."""
    means = [
        pd.Series(own)[pd.Series(where)].mean()
        for own, where, there in zip(values, seen, present, strict=True)
        if there.any()
    ]
    return float(pd.Series(means).mean())


def nsd(loop: LoopResult, tolerance: int) -> float:
    found = loop.surfaces
    near = np.array(found.reference_near[tolerance]) + np.array(found.predicted_near[tolerance])
    reference, whole = np.array(found.reference), np.array(found.reference)
    whole = whole + np.array(found.predicted)
    return 100 * class_means(whole > 0, near / whole, reference > 0)


def hd95(loop: LoopResult) -> float:
    distance = np.array(loop.surfaces.hausdorff95, dtype=float)
    return class_means(~np.isnan(distance), distance, np.array(loop.surfaces.reference) > 0)


def ece(loop: LoopResult, part: str) -> float:
    found = getattr(loop.calibration, part)
    bins = [
        n * abs(c / n - k / n)
        for n, c, k in zip(found.voxels, found.confidence, found.correct, strict=True)
        if n
    ]
    return 100 * float(np.sum(bins) / np.sum(found.voxels))


def over_loops(part: str) -> Computed:
    return mean_over_seeds(
        lambda result: float(np.mean([ece(loop, part) for loop in result.loops]))
    )


def area(figure: Callable[[LoopResult], float]) -> Computed:
    def of(result: ExperimentResult) -> float:
        budgets = [loop.labelled_patches for loop in result.loops]
        return float(trapezoid([figure(loop) for loop in result.loops], budgets)) / (
            budgets[-1] - budgets[0]
        )

    return mean_over_seeds(of)


def final(figure: Callable[[LoopResult], float]) -> Computed:
    return mean_over_seeds(lambda result: figure(result.loops[-1]))


REFERENCES: Mapping[str, Computed] = {
    "score": score,
    "aubc": mean_over_seeds(aubc_of),
    "final_dice": mean_over_seeds(lambda result: 100 * dice_curve(result)[-1]),
    "fg_eff": efficiency(voxels("labelled_foreground", "pool_foreground")),
    "fg_eff_effort": efficiency(voxels("labelled_boundary", "pool_boundary")),
    **{f"fg_eff_{kind}": efficiency(work(kind)) for kind in WORK},
    "mean_rank": mean_rank,
    "ppm_wins": ppm(1),
    "ppm_losses": ppm(-1),
    "nsd1_aubc": area(lambda loop: nsd(loop, 0)),
    "nsd1_final": final(lambda loop: nsd(loop, 0)),
    "nsd2_aubc": area(lambda loop: nsd(loop, 1)),
    "nsd2_final": final(lambda loop: nsd(loop, 1)),
    "hd95_aubc": area(hd95),
    "hd95_final": final(hd95),
    "ece_final": final(lambda loop: ece(loop, "everywhere")),
    "ece_mean": over_loops("everywhere"),
    "fg_ece_final": final(lambda loop: ece(loop, "foreground")),
    "fg_ece_mean": over_loops("foreground"),
    "query_seconds": mean_over_seeds(lambda result: seconds(result, "query")),
    "query_peak_gib": mean_over_seeds(
        lambda result: max(loop.costs["query"].peak_memory_gib for loop in result.loops[1:])
    ),
    "training_hours": mean_over_seeds(lambda result: seconds(result, "train_fold") / 3600),
    "patches": mean_over_seeds(lambda r: sum(len(loop.patches.case) for loop in r.loops)),
    "voxels": mean_over_seeds(lambda result: result.loops[-1].labelled_voxels),
    "foreground": mean_over_seeds(lambda result: sum(result.loops[-1].labelled_foreground)),
    "effort": mean_over_seeds(lambda result: sum(result.loops[-1].labelled_boundary or ())),
    **{kind: mean_over_seeds(last_work(kind)) for kind in WORK},
}
"""By metric."""

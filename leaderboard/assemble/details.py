"""What a method's card and a comparison of two methods need, by setting, seed, loop and class."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np

from benchmark.steps import QUERY, TRAIN_FOLD, Step
from leaderboard.assemble.cells import Cell, Cells, Printed
from leaderboard.formatting import rounded
from leaderboard.labelling.estimate import WORK, Estimate, amount, efforts
from leaderboard.metrics.costs import of_step
from leaderboard.metrics.curves import CURVES
from leaderboard.metrics.metric import PERCENT
from leaderboard.metrics.runs import Runs
from leaderboard.model import MethodInSetting
from leaderboard.model.details import DECIMALS
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined, attempt


def make_details(settings: Iterable[Cells]) -> dict[str, tuple[MethodInSetting, ...]]:
    """By the method's key, in the order of the settings; those without any figure are missing.

    Figures are rounded to ``DECIMALS``.
    """
    found: dict[str, list[MethodInSetting]] = {}
    for setting in settings:
        for method, cell in setting.cells.items():
            if (known := in_setting(setting.key, cell, setting.reference.estimate)) is not None:
                found.setdefault(method, []).append(known)
    return {method: tuple(each) for method, each in found.items()}


def in_setting(setting: str, cell: Cell, estimate: Estimate) -> MethodInSetting | None:
    """What is known of a method in a setting; None if nothing is.

    Args:
        setting: its key.
        cell: the method's.
        estimate: how long labelling takes.
    """
    if isinstance(cell.scores, Undefined):
        return None
    if isinstance(cell.scores, Printed):
        return _printed(setting, cell)
    return _measured(setting, cell, cell.scores, estimate)


def _printed(setting: str, cell: Cell) -> MethodInSetting:
    known = {name: value.mean for name, value in cell.values.items() if value.mean is not None}
    return MethodInSetting(
        setting=setting,
        printed={
            name: (_round(mean), _round(cell.stds[name]) if name in cell.stds else None)
            for name, mean in known.items()
        },
        printed_seeds=cell.seed_count,
    )


def _measured(setting: str, cell: Cell, runs: Runs, estimate: Estimate) -> MethodInSetting:
    results = runs.results
    dice = np.array([[loop.dice for loop in each.loops] for each in results], dtype=float)
    shares = np.array([_labelled(each) for each in results])
    foreground = runs.foreground
    return MethodInSetting(
        setting=setting,
        first=results[0].content,
        seeds=runs.seeds,
        patches=runs.budgets,
        dice=_rows(PERCENT * runs.dice),
        class_dice=_rows(PERCENT * _mean(dice)),
        class_labelled=_rows(PERCENT * _mean(shares)),
        final_class_dice=_rows(PERCENT * dice[:, -1]),
        figures={name: _row(values) for name, values in cell.by_seed.items()},
        curves=_curves(runs),
        foreground=() if isinstance(foreground, Undefined) else _rows(PERCENT * foreground),
        query_seconds=_costs(results, QUERY, "seconds", sum, np.mean),
        train_seconds=_costs(results, TRAIN_FOLD, "seconds", sum, np.mean),
        query_gib=_costs(results, QUERY, "peaks", max, np.max),
        train_gib=_costs(results, TRAIN_FOLD, "peaks", max, np.max),
        labelling=_labelling(results, estimate),
    )


def _labelling(results: Sequence[Facts], estimate: Estimate) -> dict[str, tuple[float, ...]]:
    """What labelling has taken so far by kind, means over seeds by loop; empty: not counted."""
    found = attempt(lambda: [efforts(result) for result in results])
    if isinstance(found, Undefined):
        return {}
    return {
        kind: _row(np.mean([[amount(each, kind, estimate) for each in row] for row in found], 0))
        for kind in WORK
    }


def _curves(runs: Runs) -> dict[str, tuple[float, ...]]:
    found = {curve.name: attempt(lambda: curve.by_loop(runs)) for curve in CURVES}  # noqa: B023
    return {
        name: _row(values.mean(axis=0))
        for name, values in found.items()
        if not isinstance(values, Undefined)
    }


def _labelled(result: Facts) -> np.ndarray:
    """Labelled fraction of each class's voxels in the pool, ``(loops, classes)``; NaN: has none."""
    labelled = np.array([loop.labelled_foreground for loop in result.loops], dtype=np.float64)
    pool = np.asarray(result.dataset.pool_foreground, dtype=np.float64)
    shares = np.full_like(labelled, np.nan)
    np.divide(labelled, pool, out=shares, where=pool > 0)
    return shares


def _costs(
    results: Sequence[Facts],
    step: Step,
    column: Literal["seconds", "peaks"],
    within: Callable[[list[float]], float],
    among: Callable[..., Any],
) -> tuple[float, ...]:
    """A cost of a step by loop: ``within`` a loop's jobs, then ``among`` the seeds.

    Empty where no loop of any seed has it.
    """
    table = [
        [within(of_step(step, loop.jobs, getattr(loop, column)) or [0.0]) for loop in result.loops]
        for result in results
    ]
    found = np.array(table)
    return _row(among(found, axis=0)) if found.any() else ()


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the seeds that have a value; NaN where none has."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _rows(values: np.ndarray) -> tuple[tuple[Any, ...], ...]:
    return tuple(map(_row, values))


def _row(values: np.ndarray) -> tuple[Any, ...]:
    return tuple(None if math.isnan(value) else _round(value) for value in values.tolist())


def _round(value: float) -> float:
    return rounded(value, DECIMALS)

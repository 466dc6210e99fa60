"""Figures of some foreground classes alone: the same metrics from results without the others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from leaderboard.assemble.cells import Cell, Cells, make_runs
from leaderboard.metrics.by_loop import over_classes
from leaderboard.metrics.metric import NEEDS_SEEDS, Experiments, Metric, OwnMetric, SeedMetric
from leaderboard.metrics.reference import UNKNOWN
from leaderboard.read.facts import Facts, LoopFacts
from leaderboard.undefined import Undefined, attempt

MOST_COMBINED = 4
"""Classes of a dataset up to which any of them can be combined; with more, single classes alone."""


def class_choices(classes: int, *, combined: bool = True) -> Iterator[tuple[int, ...]]:
    """Places of the chosen classes: single ones first, never all.

    Args:
        classes: how many there are.
        combined: whether several may be chosen, of few.

    >>> list(class_choices(3))
    [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    >>> len(list(class_choices(15))), list(class_choices(1))
    (15, [])
    """
    most = classes - 1 if combined and classes <= MOST_COMBINED else min(1, classes - 1)
    for size in range(1, most + 1):
        yield from combinations(range(classes), size)


def class_metrics(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """The metrics that are means over classes: full-data Dice and calibration aren't known of one.

    Args:
        metrics: of the league.
    """
    return tuple(each for each in metrics if isinstance(each, SeedMetric) and each.by_class)


def restricted(cells: Cells, places: Sequence[int], metrics: Sequence[Metric]) -> Cells:
    """A setting's cells with figures of some classes alone.

    Args:
        cells: of the setting.
        places: of the classes, in the order of the results.
        metrics: those that are computed.
    """
    own = {key: _cell(cell, places, metrics) for key, cell in cells.cells.items()}
    return replace(cells, cells=own, reference=UNKNOWN)


def _cell(cell: Cell, places: Sequence[int], metrics: Sequence[Metric]) -> Cell:
    runs, results = cell.runs, tuple[Facts, ...]()
    if not isinstance(runs, Undefined):
        results = tuple(_result(each, places) for each in runs.results)
        runs = attempt(lambda: make_runs(results))
    experiments = Experiments(runs, results, UNKNOWN)
    figures = {
        metric.name: metric.figure(experiments)
        for metric in metrics
        if isinstance(metric, OwnMetric)
    }
    return replace(
        cell,
        scores=runs,
        values={name: figure.value for name, figure in figures.items()},
        stds={name: figure.std for name, figure in figures.items() if figure.std is not None},
        by_seed={
            name: figure.by_seed for name, figure in figures.items() if figure.by_seed is not None
        },
        efficiency=NEEDS_SEEDS,
        classes=NEEDS_SEEDS,
    )


def _result(result: Facts, places: Sequence[int]) -> Facts:
    return replace(result, loops=tuple(_loop(loop, places) for loop in result.loops))


def _loop(loop: LoopFacts, places: Sequence[int]) -> LoopFacts:
    dice = _some(loop.dice, places)
    surface, distance = loop.surface_dice, loop.hausdorff95
    return replace(
        loop,
        dice=dice,
        mean_dice=over_classes(dice),
        surface_dice=None if surface is None else tuple(_some(row, places) for row in surface),
        hausdorff95=None if distance is None else _some(distance, places),
        labelled_foreground=tuple(loop.labelled_foreground[place] for place in places),
        labelled_boundary=None,
        calibration_error=None,
        foreground_calibration_error=None,
    )


def _some(values: Sequence[float | None], places: Sequence[int]) -> tuple[float | None, ...]:
    return tuple(values[place] for place in places)

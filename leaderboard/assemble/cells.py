"""A cell: one method in one setting, with all figures that don't depend on other methods."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from leaderboard.formatting import listed, plain
from leaderboard.labelling.estimate import WORK, Estimate, Work, fractions, shipped_estimate
from leaderboard.metrics.costs import boundaries
from leaderboard.metrics.fg_eff import Efficiency, efficiency
from leaderboard.metrics.learning_curve import Curve, learning_curve
from leaderboard.metrics.metric import NEEDS_SEEDS, NOT_PUBLISHED, NOTHING, Experiments, OwnMetric
from leaderboard.metrics.primary_score import SCORE, printed_score
from leaderboard.metrics.reference import UNKNOWN, Reference
from leaderboard.metrics.registry import shown_in
from leaderboard.metrics.runs import Runs
from leaderboard.metrics.student import student_interval
from leaderboard.model import Status, Value
from leaderboard.published import PublishedRow
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined, UndefinedMetricError, attempt, required


@dataclass(frozen=True)
class Printed:
    """What a paper prints of one method in one setting."""

    means: Mapping[str, float]
    """By metric: Dice and AUBC in percent, ``fg_eff`` as it is."""


@dataclass(frozen=True)
class ClassFigures:
    """Of the final loop, by foreground class."""

    dice: np.ndarray
    """In [0, 1], shape ``(classes, seeds)``; NaN where no test case has the class."""
    labelled: np.ndarray
    """Labelled fraction of the class's voxels in the pool, likewise; NaN where it has none."""


@dataclass(frozen=True)
class Cell:
    """What is known of a method in a setting."""

    status: Status
    scores: Runs | Printed | Undefined
    values: Mapping[str, Value]
    """By metric; without the relational ones."""
    stds: Mapping[str, float]
    """By metric what a mean over settings takes as standard deviation over seeds, if known."""
    seed_count: int
    seeds: tuple[int, ...] = ()
    """Of complete experiments; empty for published methods."""
    notes: tuple[str, ...] = ()
    """Failures, missing and extra seeds, one per line."""
    by_seed: Mapping[str, np.ndarray] = field(default_factory=dict)
    """By metric, shape ``(seeds,)``, where it is defined."""
    efficiency: Efficiency | Undefined = NEEDS_SEEDS
    """FG-Eff against foreground voxels."""
    classes: ClassFigures | Undefined = NEEDS_SEEDS
    sources: frozenset[str] = frozenset()
    """Source hash, parameters and requirements of the results that count: one, if they agree."""

    @property
    def runs(self) -> Runs | Undefined:
        """Single seeds and loops."""
        return NEEDS_SEEDS if isinstance(self.scores, Printed) else self.scores


@dataclass(frozen=True)
class Cells:
    """The cells of one setting."""

    name: str
    """Of the setting, for people."""
    key: str
    """Of the setting."""
    cells: Mapping[str, Cell]
    """By the method's key."""
    reference: Reference = UNKNOWN
    key_ignoring_query_size: str = ""
    """Shared by settings that differ only in the query size; empty: by none."""
    first_loop: int = 1
    """The first in which methods may differ: 0 where starts are compared."""
    left_out: frozenset[str] = frozenset()
    """Keys of methods that the track doesn't run here."""


def measured_cell(results: Sequence[Facts], expected: Sequence[int], reference: Reference) -> Cell:
    """The cell of one method's results in one setting.

    Args:
        results: all of the method's, by seed.
        expected: the seeds of a complete method.
        reference: of the setting.
    """
    wanted = [result for result in results if result.seed in expected]
    complete = [result for result in wanted if result.status == "complete"]
    sources = frozenset(_source(result) for result in wanted)
    missing = sorted(set(expected) - {result.seed for result in wanted})
    failed = any(result.status == "failed" for result in wanted)
    runs = attempt(lambda: make_runs(complete, reference.estimate))
    experiments = Experiments(runs, tuple(complete), reference)
    figures = {
        metric.name: metric.figure(experiments)
        for metric in shown_in("measured")
        if isinstance(metric, OwnMetric)
    }
    return Cell(
        status="failed" if failed else "incomplete" if missing or len(sources) > 1 else "complete",
        scores=runs,
        values={name: figure.value for name, figure in figures.items()},
        stds={name: figure.std for name, figure in figures.items() if figure.std is not None},
        seed_count=len(complete),
        seeds=tuple(result.seed for result in complete),
        notes=tuple(_notes(results, expected, missing)),
        by_seed={
            name: figure.by_seed for name, figure in figures.items() if figure.by_seed is not None
        },
        efficiency=attempt(lambda: efficiency(required(runs), reference)),
        classes=runs if isinstance(runs, Undefined) else _classes(complete),
        sources=sources,
    )


def printed_cell(rows: Iterable[PublishedRow], seeds: int, reference: Reference = UNKNOWN) -> Cell:
    """The cell of what the papers print of a method in a setting.

    Args:
        rows: one per metric.
        seeds: over which every mean is taken.
        reference: of the setting; loop 0 is estimated.
    """
    values = {
        metric.name: Value(
            reason=(NOT_PUBLISHED if metric.published.printed else NEEDS_SEEDS).reason
        )
        for metric in shown_in("published")
        if metric.published and not metric.relational
    }
    means: dict[str, float] = {}
    stds: dict[str, float] = {}
    for row in rows:
        # The papers print a fit's variance: the square of its standard error.
        variance = row.spread_kind == "fit_variance"
        std = (row.spread * seeds) ** 0.5 if variance else row.spread
        interval = student_interval([row.mean], [std], seeds)
        values[row.metric] = Value(row.mean, row.spread, interval.low, interval.high)
        means[row.metric], stds[row.metric] = row.mean, std
    if "aubc" in means:
        found = attempt(lambda: printed_score(means["aubc"], stds["aubc"], reference))
        if isinstance(found, Undefined):
            values[SCORE.name] = Value(reason=found.reason)
        else:
            mean, stds[SCORE.name] = found
            interval = student_interval([mean], [stds[SCORE.name]], seeds)
            values[SCORE.name] = Value(mean, stds[SCORE.name], interval.low, interval.high)
    return Cell(
        status="complete" if "aubc" in means else "incomplete",
        scores=Printed(means),
        values=values,
        stds=stds,
        seed_count=seeds,
    )


def make_runs(complete: Sequence[Facts], estimate: Estimate | None = None) -> Runs:
    """The curves of a method's complete experiments in a setting.

    Args:
        complete: by seed.
        estimate: how long labelling takes; None: as the benchmark ships it.

    Raises:
        UndefinedMetricError: There is no experiment, or a seed has no curve or other budgets.
    """
    if not complete:
        raise UndefinedMetricError(NOTHING.reason)
    curves = [_curve(result) for result in complete]
    if len({curve.budgets for curve in curves}) > 1:
        raise UndefinedMetricError(
            "the seeds were measured at different numbers of labelled patches"
        )
    return Runs(
        seeds=tuple(result.seed for result in complete),
        budgets=curves[0].budgets,
        dice=np.array([curve.dice for curve in curves]),
        foreground=attempt(lambda: np.array([_foreground(result) for result in complete])),
        effort=attempt(lambda: np.array([_effort(result) for result in complete])),
        work={kind: attempt(lambda: _work(complete, kind, estimate)) for kind in WORK},  # noqa: B023
        results=tuple(complete),
    )


def _curve(result: Facts) -> Curve:
    try:
        return learning_curve(result)
    except UndefinedMetricError as error:
        raise UndefinedMetricError(f"seed {result.seed}: {error}") from error


def _foreground(result: Facts) -> list[float]:
    """Labelled fraction of the pool's foreground voxels by loop, in [0, 1]."""
    labelled = [loop.labelled_foreground for loop in result.loops]
    return _fractions(labelled, result.dataset.pool_foreground)


def _effort(result: Facts) -> list[float]:
    """Labelled fraction of the pool's boundary voxels by loop, in [0, 1]."""
    labelled = boundaries(result)
    if result.dataset.pool_boundary is None:
        raise UndefinedMetricError("the pool's boundary voxels were not counted")
    return _fractions(labelled, result.dataset.pool_boundary)


def _work(complete: Sequence[Facts], kind: Work, estimate: Estimate | None) -> np.ndarray:
    """Work as fractions of labelling the whole pool, shape ``(seeds, loops)``."""
    rates = estimate or shipped_estimate()
    return np.array([fractions(result, kind, rates) for result in complete])


def _fractions(labelled: Sequence[Sequence[int]], pool: Sequence[int]) -> list[float]:
    whole = sum(pool)
    if not whole:
        raise UndefinedMetricError("the pool has no foreground")
    return [sum(loop) / whole for loop in labelled]


def _classes(complete: Sequence[Facts]) -> ClassFigures:
    last = [result.loops[-1] for result in complete]
    labelled = np.array([loop.labelled_foreground for loop in last], dtype=float)
    pool = np.array([result.dataset.pool_foreground for result in complete], dtype=float)
    fractions = np.full_like(labelled, np.nan)
    np.divide(labelled, pool, out=fractions, where=pool > 0)
    dice = np.array([loop.dice for loop in last], dtype=float)
    return ClassFigures(dice.T, fractions.T)


def _notes(results: Sequence[Facts], expected: Sequence[int], missing: Sequence[int]) -> list[str]:
    notes = [
        plain(f"seed {result.seed}, loop {failure.loop}, {failure.step}: {failure.reason}")
        for result in results
        if (failure := result.failure)
    ]
    extra = [result.seed for result in results if result.seed not in expected]
    if len({_source(result) for result in results if result.seed in expected}) > 1:
        notes.append("its seeds were run with different sources, parameters or requirements")
    notes += [
        plain(f"seed {result.seed}: loop 0 labels no voxel of {', '.join(classes)}")
        for result in results
        if (classes := _unlabelled(result))
    ]
    if missing:
        notes.append(f"no result for {_seeds(missing)}")
    if extra:
        notes.append(f"{_seeds(extra)}: not run with the baselines, not counted")
    return notes + [note for result in results for note in _shared(result)]


def _shared(result: Facts) -> Iterator[str]:
    """Loops whose training is that of another experiment with the same labelled patches."""
    for loop in result.loops:
        taken = {each for each in loop.taken or () if each is not None}
        others = sorted({PurePosixPath(each).parent.parent.parent.name for each in taken})
        if others:
            yield plain(
                f"seed {result.seed}, loop {loop.loop}: the same labelled patches as "
                f"{', '.join(others)}, whose networks it shares"
            )


def _unlabelled(result: Facts) -> list[str]:
    """Classes of which a start other than the protocol's labelled nothing."""
    if result.method.start is None or not result.loops:
        return []
    names, voxels = result.dataset.classes, result.loops[0].labelled_foreground
    return [name for name, number in zip(names, voxels, strict=True) if not number]


def _source(result: Facts) -> str:
    method = result.method
    parameters = sorted(method.parameters.items())
    return json.dumps([method.source_hash, parameters, method.requirements])


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {listed(seeds)}"

"""A cell: one entrant in one setting, with all figures that depend on nobody else."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmark.results import ExperimentResult
from leaderboard.assemble.answers import (
    Efficiency,
    aubcs,
    efficiency,
    final_dices,
    primary_scores,
)
from leaderboard.assemble.columns import FITS, SCORES
from leaderboard.assemble.experiments import COSTS, Experiment, make_experiment
from leaderboard.assemble.references import Reference
from leaderboard.assemble.scores import Measured, Printed
from leaderboard.formatting import listed, plain
from leaderboard.metrics import NoAnswerError, mean, mean_over_settings, sample_std
from leaderboard.model import Status, Value

Share = Literal["foreground", "effort"]
NOTHING = "no complete experiment"


@dataclass(frozen=True)
class Cell:
    """What is known of an entrant in a setting."""

    status: Status
    notes: tuple[str, ...]
    """Failures, missing and further seeds, a line each."""
    seeds: tuple[int, ...]
    """Of complete experiments."""
    expected: tuple[int, ...]
    """Seeds that the setting asks for; empty for published entries."""
    experiments: tuple[Experiment, ...]
    """Complete ones, by seed; empty for published entries."""
    scores: Measured | Printed | None
    """None: nothing complete, or no curves."""
    by_seed: Mapping[str, np.ndarray]
    """Values in percent by seed, of those of ``SCORES`` that have an answer."""
    efficiency: Efficiency | None
    """FG-Eff against foreground voxels, where it has an answer."""
    values: Mapping[str, Value]
    """By column name; the relational ones are missing."""
    seed_count: int
    stds: Mapping[str, float]
    """By column name what a mean over settings takes as standard deviation over seeds."""
    sources: frozenset[str] = frozenset()
    """Source hash and parameters of the results that count: one, if they are of one method."""

    @property
    def dice(self) -> np.ndarray:
        """Mean Dice in [0, 1], ``(seeds, loops)``; empty where single seeds are not known."""
        return self.scores.dice if isinstance(self.scores, Measured) else np.empty((0, 0))


@dataclass(frozen=True)
class Cells:
    """The cells of one setting."""

    name: str
    """Of the setting, for people."""
    key: str
    """Of its block."""
    cells: Mapping[str, Cell]
    """By the entrant's key."""


def measured(entrants: Sequence[str], settings: Sequence[Cells]) -> bool:
    """Whether single seeds and loops of all ``entrants`` are known."""
    return all(setting.cells[key].dice.size for setting in settings for key in entrants)


def measured_cell(
    results: Sequence[ExperimentResult], expected: Sequence[int], reference: Reference
) -> Cell:
    """The cell of one method's results in one setting.

    Args:
        results: all of the method's, by seed.
        expected: the seeds of a complete entrant.
        reference: of the setting.
    """
    wanted = [result for result in results if result.seed in expected]
    complete = tuple(make_experiment(r) for r in wanted if r.status == "complete")
    sources = frozenset(_source(result) for result in wanted)
    missing = sorted(set(expected) - {result.seed for result in wanted})
    failed = any(result.status == "failed" for result in wanted)
    scores = _curves(complete)
    answers = _answers(scores, reference)
    foreground = _efficiency(scores, complete, reference, "foreground")
    values = {
        **{
            name: Value(reason=found) if isinstance(found, str) else over_seeds(found.tolist())
            for name, found in answers.items()
        },
        "fg_eff": _fitted(foreground),
        "fg_eff_effort": _fitted(_efficiency(scores, complete, reference, "effort")),
        **{name: _cost(complete, name) for name in COSTS},
    }
    return Cell(
        status="failed" if failed else "incomplete" if missing or len(sources) > 1 else "complete",
        notes=tuple(_notes(results, expected, missing)),
        seeds=tuple(experiment.seed for experiment in complete),
        expected=tuple(expected),
        experiments=complete,
        scores=None if isinstance(scores, str) else scores,
        by_seed={name: found for name, found in answers.items() if isinstance(found, np.ndarray)},
        efficiency=None if isinstance(foreground, str) else foreground,
        values=values,
        seed_count=len(complete),
        stds={
            # A fit's standard error is that of a mean over the seeds.
            name: value.spread * (len(complete) ** 0.5 if name in FITS else 1)
            for name, value in values.items()
            if value.spread is not None
        },
        sources=sources,
    )


def over_seeds(values: Sequence[float]) -> Value:
    """Mean, sample standard deviation and 95 % interval of one value a seed."""
    if not values:
        return Value(reason=NOTHING)
    try:
        std = sample_std(values)
        interval = mean_over_settings([mean(values)], [std], len(values))
    except NoAnswerError as refusal:
        return Value(mean(values), reason=str(refusal))
    return Value(interval.mean, std, interval.low, interval.high)


def _curves(complete: Sequence[Experiment]) -> Measured | str:
    if not complete:
        return NOTHING
    curves = []
    for experiment in complete:
        if isinstance(experiment.curve, str):
            return f"seed {experiment.seed}: {experiment.curve}"
        curves.append(experiment.curve)
    if len({curve.budgets for curve in curves}) > 1:
        return "the seeds were measured at different numbers of labelled patches"
    foreground = [e.foreground for e in complete if not isinstance(e.foreground, str)]
    effort = [e.effort for e in complete if not isinstance(e.effort, str)]
    dice = np.array([curve.dice for curve in curves])
    return Measured(
        seeds=tuple(experiment.seed for experiment in complete),
        budgets=curves[0].budgets,
        dice=dice,
        foreground=np.array(foreground) if len(foreground) == len(complete) else dice * np.nan,
        effort=np.array(effort) if len(effort) == len(complete) else None,
    )


def _answers(scores: Measured | str, reference: Reference) -> dict[str, np.ndarray | str]:
    """Values by seed of each of ``SCORES``, or why there are none."""
    if isinstance(scores, str):
        return dict.fromkeys(SCORES, scores)
    by_seed: dict[str, Callable[[Measured], np.ndarray]] = {
        "score": lambda entry: primary_scores(entry, reference),
        "aubc": aubcs,
        "final_dice": final_dices,
    }
    found: dict[str, np.ndarray | str] = {}
    for name in SCORES:
        try:
            found[name] = by_seed[name](scores)
        except NoAnswerError as refusal:
            found[name] = str(refusal)
    return found


def _efficiency(
    scores: Measured | str, complete: Sequence[Experiment], reference: Reference, against: Share
) -> Efficiency | str:
    if isinstance(scores, str):
        return scores
    shares = [getattr(experiment, against) for experiment in complete]
    reasons = [share for share in shares if isinstance(share, str)]
    if reasons:
        return reasons[0]
    try:
        return efficiency(scores, reference, against)
    except NoAnswerError as refusal:
        return str(refusal)


def _fitted(found: Efficiency | str) -> Value:
    if isinstance(found, str):
        return Value(reason=found)
    return Value(found.fit.gamma, found.fit.standard_error)


def _cost(complete: Sequence[Experiment], name: str) -> Value:
    costs = [experiment.costs[name] for experiment in complete]
    reasons = [cost for cost in costs if isinstance(cost, str)]
    if reasons:
        return Value(reason=reasons[0])
    value = over_seeds([cost for cost in costs if not isinstance(cost, str)])
    return replace(value, low=None, high=None)


def _notes(
    results: Sequence[ExperimentResult], expected: Sequence[int], missing: Sequence[int]
) -> list[str]:
    notes = [
        plain(f"seed {result.seed}, loop {failure.loop}, {failure.step}: {failure.reason}")
        for result in results
        if (failure := result.failure)
    ]
    further = [result.seed for result in results if result.seed not in expected]
    if len({_source(result) for result in results if result.seed in expected}) > 1:
        notes.append("its seeds were run with different sources, parameters or requirements")
    if missing:
        notes.append(f"no result for {_seeds(missing)}")
    if further:
        notes.append(f"{_seeds(further)}: not run with the baselines, not counted")
    return notes


def _source(result: ExperimentResult) -> str:
    method = result.method
    parameters = sorted(method.parameters.items())
    return json.dumps([method.source_hash, parameters, method.requirements])


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {listed(seeds)}"

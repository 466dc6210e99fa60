"""The tables of the board: one per track and setting, a row a method."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeVar

from benchmark.results import DatasetRecord, ExperimentResult
from leaderboard.entries import GroupKey, group
from leaderboard.metrics import (
    Curve,
    MeanCurve,
    NoAnswerError,
    aubc,
    final_dice,
    learning_curve,
    mean,
    mean_curve,
    ranks,
    sample_std,
)
from leaderboard.text import listed, plain
from nnactive.settings import Setting

Status = Literal["complete", "incomplete", "failed"]
NAME_LENGTH = 60
Item = TypeVar("Item")


@dataclass(frozen=True)
class Answer:
    """Mean and spread over seeds, each a number or the reason why there is none."""

    mean: float | str
    std: float | str


@dataclass(frozen=True)
class Row:
    """One method in one setting."""

    rank: int | None
    """By mean AUBC; None: not ranked."""
    method: str
    """Method id."""
    name: str
    description: str
    badges: tuple[str, ...]
    """``baseline`` or ``submission``; ``oracle``, ``incomplete``, ``failed`` where they hold."""
    status: Status
    notes: tuple[str, ...]
    """What is missing or went wrong, a line each."""
    seeds: tuple[int, ...]
    """Seeds of complete experiments."""
    expected_seeds: int
    """Number of different seeds that any method of the setting was run with."""
    final_dice: Answer
    """In [0, 1]."""
    aubc: Answer
    """In [0, 1]."""
    foreground: Answer
    """Labelled foreground voxels after the last loop."""
    query_seconds: Answer
    """Sum over loops."""
    training_seconds: Answer
    """Sum over loops and folds."""
    curve: MeanCurve | None
    """Over the complete experiments; None if there is none."""


@dataclass(frozen=True)
class Table:
    """All methods of one track and setting that may be compared."""

    key: GroupKey
    setting: Setting
    dataset: DatasetRecord
    comparable: bool
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    """Ranked ones by rank, then incomplete, then failed ones."""
    differs: tuple[str, ...]
    """In what other tables of the same track and setting name differ from this one."""


def make_tables(results: Iterable[ExperimentResult]) -> tuple[Table, ...]:
    """One table for all results that may be compared, by track, then setting."""
    groups = group(results)
    return tuple(_table(key, members, _differences(key, groups)) for key, members in groups.items())


def _table(key: GroupKey, results: Sequence[ExperimentResult], differs: tuple[str, ...]) -> Table:
    seeds = sorted({result.seed for result in results})
    by_method = groupby(results, key=lambda result: result.method.id)
    rows = [_row(list(experiments), seeds) for _, experiments in by_method]
    return Table(
        key=key,
        setting=results[0].setting,
        dataset=results[0].dataset,
        comparable=all(result.comparable for result in results),
        seeds=tuple(seeds),
        rows=_ranked(rows),
        differs=differs,
    )


def _row(experiments: Sequence[ExperimentResult], seeds: Sequence[int]) -> Row:
    method = experiments[0].method
    complete = [result for result in experiments if result.status == "complete"]
    failed = [result for result in experiments if result.status == "failed"]
    missing = sorted(set(seeds) - {result.seed for result in experiments})
    status: Status = "failed" if failed else "incomplete" if missing else "complete"
    curves, curve = _curves(complete)
    badges = ["baseline" if method.origin == "builtin" else "submission"]
    badges += ["oracle"] if any(result.method.oracle for result in experiments) else []
    badges += [status] if status != "complete" else []
    return Row(
        rank=None,
        method=plain(method.id, NAME_LENGTH),
        name=plain(method.name, NAME_LENGTH) or plain(method.id, NAME_LENGTH) or "unnamed",
        description=plain(method.description),
        badges=tuple(badges),
        status=status,
        notes=(*_notes(experiments, missing), *([curve] if isinstance(curve, str) else [])),
        seeds=tuple(result.seed for result in complete),
        expected_seeds=len(seeds),
        final_dice=_over_seeds(final_dice, curves),
        aubc=_over_seeds(aubc, curves),
        foreground=_over_seeds(_foreground, complete),
        query_seconds=_over_seeds(lambda result: _seconds(result, "query"), complete),
        training_seconds=_over_seeds(lambda result: _seconds(result, "train_fold"), complete),
        curve=curve if isinstance(curve, MeanCurve) else None,
    )


def _curves(complete: Sequence[ExperimentResult]) -> tuple[list[Curve], MeanCurve | str | None]:
    """Curves of the complete experiments and their mean, or why there is none."""
    if not complete:
        return [], None
    try:
        curves = [learning_curve(result) for result in complete]
        return curves, mean_curve(curves)
    except NoAnswerError as refusal:
        return [], str(refusal)


def _notes(experiments: Sequence[ExperimentResult], missing: Sequence[int]) -> list[str]:
    notes = [
        plain(f"seed {result.seed}, loop {failure.loop}, {failure.step}: {failure.reason}")
        for result in experiments
        if (failure := result.failure)
    ]
    if missing:
        notes.append(f"no result for seed{'s' if len(missing) > 1 else ''} {listed(missing)}")
    if (
        len({(result.method.source_hash, str(result.method.parameters)) for result in experiments})
        > 1
    ):
        notes.append("its seeds were run with different sources or parameters")
    return notes


def _over_seeds(metric: Callable[[Item], float], items: Sequence[Item]) -> Answer:
    try:
        values = [metric(item) for item in items]
        centre = mean(values)
    except NoAnswerError as refusal:
        return Answer(str(refusal), str(refusal))
    try:
        return Answer(centre, sample_std(values))
    except NoAnswerError as refusal:
        return Answer(centre, str(refusal))


def _foreground(result: ExperimentResult) -> float:
    return float(sum(result.loops[-1].labelled_foreground))


def _seconds(result: ExperimentResult, step: str) -> float:
    costs = [
        c.seconds for loop in result.loops for k, c in loop.costs.items() if k.startswith(step)
    ]
    if not costs:
        raise NoAnswerError(f"no cost of a {step} step was recorded")
    return sum(costs)


def _ranked(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows with ranks, in the order of the table; only complete ones with an AUBC are ranked."""
    scores = [
        row.aubc.mean if row.status == "complete" and isinstance(row.aubc.mean, float) else None
        for row in rows
    ]
    places = iter(ranks([score for score in scores if score is not None]))
    placed = [
        replace(row, rank=None if score is None else next(places))
        for row, score in zip(rows, scores, strict=True)
    ]
    order = ("complete", "incomplete", "failed")
    return tuple(
        sorted(
            placed,
            key=lambda row: (row.rank is None, row.rank or 0, order.index(row.status), row.method),
        )
    )


def _differences(key: GroupKey, groups: Iterable[GroupKey]) -> tuple[str, ...]:
    names = {
        "protocol": "protocol version",
        "nnunet": "nnU-Net version",
        "checksum": "prepared data",
        "details": "parameters of the setting",
    }
    others = [k for k in groups if (k.track, k.setting) == (key.track, key.setting)]
    return tuple(
        text for field, text in names.items() if len({getattr(k, field) for k in others}) > 1
    )

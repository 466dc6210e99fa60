"""The rows of a table over one or several settings of a league, and the ranks in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.assemble.cells import Cell, Cells
from leaderboard.assemble.keys import cohort_id
from leaderboard.formatting import counted, plain
from leaderboard.metrics import mean, mean_over_settings, rank_intervals, ranks, tie_letters
from leaderboard.metrics.metric import (
    Compared,
    Metric,
    RelationalMetric,
    Standing,
)
from leaderboard.model import Row, Status, Value
from leaderboard.undefined import Undefined, UndefinedMetricError, attempt, required
from nnactive.streams import stream

STATUSES: tuple[Status, ...] = ("complete", "incomplete", "failed")
NAMED_SETTINGS = 6
"""Of the settings that a method lacks, how many are named."""
ENOUGH_SEEDS = 5
"""A bootstrap over so many seeds is reliable,"""
ENOUGH_SETTINGS = 3
"""and so is one over so many settings."""


@dataclass(frozen=True)
class Table:
    """Rows in the order of the table."""

    rows: tuple[Row, ...]
    ranked_by: str
    cohort: str
    """Of the ranked methods."""
    caution: str
    """Why the rank intervals are unreliable; empty if they aren't, or there are none."""


@dataclass(frozen=True)
class Frame:
    """What all tables of a league share."""

    names: tuple[str | int, ...]
    """Of the league, for its random streams."""
    metrics: tuple[Metric, ...]
    entrants: Mapping[str, str]
    """Names by key, for the order of unranked methods."""
    ids: Mapping[str, str]
    """Ids by key, for the cohort."""
    baselines: frozenset[str]
    """Keys of those that decide which column the ranks follow."""


@dataclass(frozen=True)
class Place:
    """A method's place in a table."""

    rank: int | None
    low: int | None = None
    high: int | None = None
    reason: str | None = None
    """Why there is no rank, or no interval."""
    ties: str = ""


def make_table(frame: Frame, settings: Sequence[Cells], *, everybody: bool = False) -> Table:
    """Rows over one or more settings of a league, ranked where they are complete.

    Args:
        frame: of the league.
        settings: whose figures are shown, or their means.
        everybody: whether methods that have nothing in any of ``settings`` get a row, too.
    """
    there = frame.entrants if everybody else {key for each in settings for key in each.cells}
    entrants = sorted(there)
    status = {key: _status(key, settings) for key in entrants}
    complete = [key for key in entrants if status[key] == "complete"]
    values = {key: means_of(key, settings, frame.metrics) for key in entrants}
    judges = [key for key in complete if key in frame.baselines] or complete or entrants
    ranked_by = _ranked_by(frame, [values[key] for key in judges])
    ranked = [key for key in complete if values[key][ranked_by].mean is not None]
    by_seed = _by_seed(ranked, settings, ranked_by)
    means = {key: values[key][ranked_by].mean or 0.0 for key in ranked}
    found = places(means, by_seed, (*frame.names, tuple(each.name for each in settings)))
    relational = relational_values(ranked, settings, frame.metrics)
    rows = []
    for key in entrants:
        reason = _unranked(status[key], values[key][ranked_by])
        place = found.get(key, Place(None, reason=reason))
        figures = values[key] | relational.get(key, {})
        rows.append(
            Row(
                entrant=key,
                status=status[key],
                rank=place.rank,
                values={m.name: figures.get(m.name, Value(reason=reason)) for m in frame.metrics},
                notes=_notes(key, settings),
                seeds=_seeds(key, settings),
                rank_low=place.low,
                rank_high=place.high,
                rank_reason=place.reason,
                ties=place.ties,
            )
        )
    return Table(
        rows=tuple(sorted(rows, key=lambda row: _order(row, frame))),
        ranked_by=ranked_by,
        cohort=cohort_id(frame.ids[key] for key in ranked),
        caution=caution(by_seed) if any(place.low for place in found.values()) else "",
    )


def means_of(
    entrant: str, settings: Sequence[Cells], metrics: Sequence[Metric]
) -> dict[str, Value]:
    """A method's figures: those of the only setting, or means over several.

    Args:
        entrant: its key.
        settings: one or more.
        metrics: the relational ones are left out.
    """
    own = [metric for metric in metrics if not metric.relational]
    if len(settings) == 1 and entrant in settings[0].cells:
        return {metric.name: settings[0].cells[entrant].values[metric.name] for metric in own}
    return {metric.name: _over_settings(entrant, settings, metric) for metric in own}


def _over_settings(entrant: str, settings: Sequence[Cells], metric: Metric) -> Value:
    """Mean over settings; undefined where one of them is."""
    name = metric.name
    cells = [setting.cells.get(entrant) for setting in settings]
    known = [cell for cell in cells if cell is not None and cell.values[name].mean is not None]
    if len(known) < len(cells):
        return Value(reason=_lacking(settings, cells, name))
    means = [cell.values[name].mean or 0.0 for cell in known]
    if not metric.has_interval:
        return Value(mean(means))
    stds = [cell.stds.get(name, math.nan) for cell in known]
    try:
        interval = mean_over_settings(means, stds, [cell.seed_count for cell in known])
    except UndefinedMetricError as error:
        return Value(mean(means), reason=str(error))
    return Value(interval.mean, None, interval.low, interval.high)


def _lacking(settings: Sequence[Cells], cells: Sequence[Cell | None], name: str) -> str:
    """Why a mean over settings is undefined; names a setting unless it is so in all."""
    reasons = {
        setting.name: "no result" if cell is None else cell.values[name].reason or ""
        for setting, cell in zip(settings, cells, strict=True)
        if cell is None or cell.values[name].mean is None
    }
    there = {cell.values[name].reason for cell in cells if cell is not None}
    if len(there) == 1 and None not in there:
        return str(there.pop())
    first, reason = next(iter(reasons.items()))
    return plain(f"{first}: {reason}")


def places(
    means: Mapping[str, float],
    by_seed: Sequence[Mapping[str, np.ndarray]] | Undefined,
    names: Sequence[object],
) -> dict[str, Place]:
    """Places of the ranked methods of a table.

    Ranks follow the mean scores; intervals and tie groups follow a bootstrap over single scores,
    whose draws depend on ``names`` alone, not on which methods are ranked.

    Args:
        means: mean score in percent by method.
        by_seed: for each setting the scores by method and seed, all methods with the same seeds.
        names: of the table, for its random stream.
    """
    if not means:
        return {}
    entrants = sorted(means)
    found = dict(zip(entrants, ranks([means[key] for key in entrants]), strict=True))
    best_first = sorted(range(len(entrants)), key=lambda i: (found[entrants[i]], entrants[i]))
    try:
        scores = [np.stack([each[key] for key in entrants]) for each in required(by_seed)]
        intervals = rank_intervals(scores, stream("leaderboard", *names))
        ties = tie_letters(intervals.different, best_first)
    except UndefinedMetricError as error:
        return {key: Place(rank, reason=str(error)) for key, rank in found.items()}
    return {
        key: Place(
            found[key], int(intervals.rank_low[i]), int(intervals.rank_high[i]), ties=ties[i]
        )
        for i, key in enumerate(entrants)
    }


def caution(by_seed: Sequence[Mapping[str, np.ndarray]] | Undefined) -> str:
    """Why the intervals and letters of a table are unreliable; empty if they aren't.

    Args:
        by_seed: as for ``places``.
    """
    if isinstance(by_seed, Undefined):
        return ""
    seeds = min((len(scores) for setting in by_seed for scores in setting.values()), default=0)
    if not seeds or seeds >= ENOUGH_SEEDS or len(by_seed) >= ENOUGH_SETTINGS:
        return ""
    return (
        f"rank intervals and letters rest on {counted(seeds, 'seed')} in "
        f"{counted(len(by_seed), 'setting')}; they are too narrow, and some of the differences "
        "they show are chance"
    )


def relational_values(
    ranked: Sequence[str], settings: Sequence[Cells], metrics: Sequence[Metric]
) -> dict[str, dict[str, Value]]:
    """Values of the relational metrics by the key of the ranked method, then metric."""
    found: dict[str, dict[str, Value]] = {key: {} for key in ranked}
    if not ranked:
        return found
    compared = Compared(
        size=len(ranked),
        settings={each.key: _standing(ranked, each) for each in settings},
        first_loop=max((each.first_loop for each in settings), default=1),
    )
    for metric in metrics:
        if isinstance(metric, RelationalMetric):
            for key, value in zip(ranked, metric.values(compared), strict=True):
                found[key][metric.name] = value
    return found


def _standing(ranked: Sequence[str], setting: Cells) -> Standing:
    cells = [setting.cells[key] for key in ranked]
    names = {name for cell in cells for name in cell.values}
    single = attempt(lambda: [required(cell.runs) for cell in cells])
    return Standing(
        means={name: tuple(cell.values[name].mean or 0.0 for cell in cells) for name in names},
        by_seed=single
        if isinstance(single, Undefined)
        else {
            name: np.stack([cell.by_seed[name] for cell in cells])
            for name in names
            if all(name in cell.by_seed for cell in cells)
        },
        dice=single if isinstance(single, Undefined) else np.stack([runs.dice for runs in single]),
    )


def _ranked_by(frame: Frame, judges: Sequence[Mapping[str, Value]]) -> str:
    """The first column that can give ranks and in which any judge has a value; else the last."""
    names = [metric.name for metric in frame.metrics if metric.ranking]
    defined = (name for name in names if any(values[name].mean is not None for values in judges))
    return next(defined, names[-1])


def _order(row: Row, frame: Frame) -> tuple[object, ...]:
    """Ranked methods by rank, then the others by status; equals by name."""
    name = frame.entrants[row.entrant]
    return (row.rank is None, row.rank or 0, STATUSES.index(row.status), name, row.entrant)


def _status(entrant: str, settings: Sequence[Cells]) -> Status:
    found = [setting.cells.get(entrant) for setting in settings]
    there = {"incomplete" if cell is None else cell.status for cell in found}
    if len(_sources(entrant, settings)) > 1:
        there.add("incomplete")
    return next(status for status in reversed(STATUSES) if status in there)


def _sources(entrant: str, settings: Sequence[Cells]) -> frozenset[str]:
    cells = (setting.cells.get(entrant) for setting in settings)
    return frozenset[str]().union(*(cell.sources for cell in cells if cell is not None))


def _unranked(status: Status, value: Value) -> str:
    return value.reason or "no score" if status == "complete" else f"not ranked: {status}"


def _notes(entrant: str, settings: Sequence[Cells]) -> tuple[str, ...]:
    if len(settings) == 1 and entrant in settings[0].cells:
        return settings[0].cells[entrant].notes
    notes = [
        plain(f"{setting.name}: {note}")
        for setting in settings
        if entrant in setting.cells
        for note in setting.cells[entrant].notes
    ]
    each = max((len(s.cells[entrant].sources) for s in settings if entrant in s.cells), default=0)
    if each == 1 < len(_sources(entrant, settings)):
        notes.append("its settings were run with different sources, parameters or requirements")
    missing = [setting.name for setting in settings if entrant not in setting.cells]
    if missing:
        more = len(missing) - NAMED_SETTINGS
        listed = ", ".join(missing[:NAMED_SETTINGS]) + (f" and {more} more" if more > 0 else "")
        notes.append(plain(f"no result in {len(missing)} of {len(settings)} settings: {listed}"))
    return tuple(notes)


def _seeds(entrant: str, settings: Sequence[Cells]) -> tuple[int, ...]:
    """Seeds that are complete in all settings."""
    found = [
        set(setting.cells[entrant].seeds) if entrant in setting.cells else set[int]()
        for setting in settings
    ]
    return tuple(sorted(set.intersection(*found)))


def _by_seed(
    ranked: Sequence[str], settings: Sequence[Cells], ranked_by: str
) -> list[dict[str, np.ndarray]] | Undefined:
    """Scores by setting, method and seed."""
    cells = [setting.cells[key] for setting in settings for key in ranked]
    unknown = [cell.runs for cell in cells if isinstance(cell.runs, Undefined)]
    if unknown:
        return unknown[0]
    return [{key: setting.cells[key].by_seed[ranked_by] for key in ranked} for setting in settings]

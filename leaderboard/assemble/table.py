"""The rows of a table over one or several settings of a league, and the ranks in it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from leaderboard.assemble.cells import Cell, Cells, Printed
from leaderboard.assemble.keys import cohort_id
from leaderboard.assemble.ranking.blocks import complete_settings, largest_block
from leaderboard.assemble.ranking.lacking import lacking
from leaderboard.assemble.ranking.partial import partial_places
from leaderboard.assemble.ranking.places import places
from leaderboard.assemble.ranking.relational import relational_values
from leaderboard.assemble.ranking.repeat import Outlook, outlook
from leaderboard.assemble.ranking.significance import Scores, Significance
from leaderboard.assemble.ranking.verdict import Ranking, make_verdict, names_no_leader
from leaderboard.formatting import plain
from leaderboard.metrics import (
    detectable_by_seed,
    detectable_from_stds,
    mean,
    mean_over_settings,
    student_interval,
)
from leaderboard.metrics.metric import (
    Metric,
)
from leaderboard.model import Row, Status, Value, Verdict
from leaderboard.undefined import Undefined, UndefinedMetricError, attempt

STATUSES: tuple[Status, ...] = ("complete", "incomplete", "failed")
NAMED_SETTINGS = 6
"""Of the settings that a method lacks, how many are named."""


@dataclass(frozen=True)
class Table:
    """Rows in the order of the table; a view has the same fields."""

    rows: tuple[Row, ...]
    ranked_by: str
    cohort: str
    """Of the ranked methods."""
    verdict: Verdict
    ranked_over: tuple[str, ...]
    """Keys of the settings that the ranks compare; empty: all."""
    lacking: tuple[str, ...]
    """What it can't show and why, one sentence a reason."""


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
    oracles: frozenset[str] = frozenset()
    """Keys of those that use ground truth."""
    unproved: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By a setting's key: keys of methods that its results are no proof of."""
    comparable: bool = True
    """False: a reduced-cost track."""


def make_table(
    frame: Frame, settings: Sequence[Cells], *, everybody: bool = False, by: str = ""
) -> Table:
    """Rows over one or more settings of a league, ranked where they are complete.

    Ranks, means and relational figures are taken over the same settings for all methods: the
    largest block of settings and methods without gaps (``largest_block``).

    Args:
        frame: of the league.
        settings: whose figures are shown, or their means.
        everybody: whether methods that have nothing in any of ``settings`` get a row, too.
        by: name of the metric that the ranks follow; empty: the usual one.
    """
    there = frame.entrants if everybody else {key for each in settings for key in each.cells}
    having = complete_settings(settings)
    block = largest_block(having, [each.key for each in settings], frame.baselines)
    over = [each for each in settings if each.key in set(block.settings)]
    values = {key: means_of(key, over, frame.metrics) for key in sorted(there)}
    judges = [key for key in block.methods if key in frame.baselines] or block.methods or values
    ranked_by = by or _ranked_by(frame, [values[key] for key in judges])
    (metric,) = (each for each in frame.metrics if each.name == ranked_by)
    scores = _scores(
        [key for key in block.methods if values[key][ranked_by].mean is not None], over, metric
    )
    unproved = frozenset[str]().union(*(frame.unproved.get(key, ()) for key in block.settings))
    found, test = places(scores, frame.oracles | unproved)
    winner = bool(test.test) and sum(place.leading for place in found.values()) == 1
    ahead = replace(_outlook(frame, scores, over, metric), winner=winner)
    found |= {key: replace(found[key], leading=False) for key in unproved if key in found}
    partial = partial_places([*values.keys() - set(block.methods)], having, settings, metric)
    relational = relational_values(scores.methods, over, frame.metrics)
    rows = []
    for key, own in values.items():
        status = _status(key, settings)
        reason = _unranked("complete" if key in block.methods else status, own[ranked_by])
        row = _row(frame, key, own | relational.get(key, {}), reason, settings, over)
        row = replace(row, status=status, partial=partial.get(key, ""))
        rows.append(found[key].of(row) if key in found else row)
    rows.sort(key=lambda row: _order(row, frame))
    ranking = replace(
        _ranking(frame, rows, metric, scores, test),
        asked=len(settings),
        outlook=ahead,
        unproved=unproved,
    )
    if names_no_leader(ranking):
        rows = [replace(row, leading=False) for row in rows]
    return Table(
        rows=tuple(rows),
        ranked_by=ranked_by,
        cohort=cohort_id(frame.ids[key] for key in scores.methods),
        verdict=make_verdict(ranking),
        ranked_over=block.settings if len(over) < len(settings) else (),
        lacking=lacking(frame.metrics, rows, frame.entrants, ahead.lacking()),
    )


def _row(
    frame: Frame,
    key: str,
    values: Mapping[str, Value],
    reason: str,
    settings: Sequence[Cells],
    over: Sequence[Cells],
) -> Row:
    """A method's row without a place; ``reason``: why it isn't ranked, unless it gets one."""
    return Row(
        entrant=key,
        status="complete",
        rank=None,
        values={each.name: values.get(each.name, Value(reason=reason)) for each in frame.metrics},
        notes=_notes(key, settings),
        seeds=_seeds(key, over),
        rank_reason=reason,
    )


def _outlook(frame: Frame, scores: Scores, settings: Sequence[Cells], metric: Metric) -> Outlook:
    """What would become of the ranking in a repeat."""
    in_dice = None
    for each in frame.metrics:
        if each.name == metric.in_dice:
            in_dice = scores if each == metric else _scores(scores.methods, settings, each)
    names = (*frame.names, metric.name, *(setting.key for setting in settings))
    return outlook(scores, in_dice, names, metric.unit)


def _ranking(
    frame: Frame, rows: Sequence[Row], metric: Metric, scores: Scores, test: Significance
) -> Ranking:
    """What a table's verdict is made of."""
    return Ranking(
        rows=rows,
        names=frame.entrants,
        oracles=frame.oracles,
        column=metric.name,
        title=metric.title,
        unit=metric.unit,
        higher_is_better=metric.higher_is_better,
        settings=len(scores.means),
        seeds=int(scores.seeds.min()) if scores.methods else 0,
        most_seeds=int(scores.seeds.max()) if scores.methods else 0,
        test=test,
        detectable=attempt(lambda: _detectable(scores, test)),
        comparable=frame.comparable,
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
    """Mean over settings; undefined where one of them is.

    Published means get the papers' interval, to be compared with theirs.
    """
    name = metric.name
    cells = [setting.cells.get(entrant) for setting in settings]
    known = [cell for cell in cells if cell is not None and cell.values[name].mean is not None]
    if len(known) < len(cells):
        return Value(reason=_lacking(entrant, settings, cells, name))
    means = [cell.values[name].mean or 0.0 for cell in known]
    if not metric.has_interval:
        return Value(mean(means))
    stds = [cell.stds.get(name, math.nan) for cell in known]
    published = any(isinstance(cell.scores, Printed) for cell in known)
    interval_of = mean_over_settings if published else student_interval
    try:
        interval = interval_of(means, stds, [cell.seed_count for cell in known])
    except UndefinedMetricError as error:
        return Value(mean(means), reason=str(error))
    interval = interval.within(metric.least, metric.most)
    return Value(interval.mean, None, interval.low, interval.high)


def _nothing(entrant: str, setting: Cells) -> str:
    return "not part of the track" if entrant in setting.left_out else "no result"


def _lacking(
    entrant: str, settings: Sequence[Cells], cells: Sequence[Cell | None], name: str
) -> str:
    """Why a mean over settings is undefined; names a setting unless it is so in all."""
    reasons = {
        setting.name: _nothing(entrant, setting) if cell is None else cell.values[name].reason or ""
        for setting, cell in zip(settings, cells, strict=True)
        if cell is None or cell.values[name].mean is None
    }
    there = {cell.values[name].reason for cell in cells if cell is not None}
    if len(there) == 1 and None not in there:
        return str(there.pop())
    first, reason = next(iter(reasons.items()))
    return plain(f"{first}: {reason}")


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
    asked = [each for each in settings if entrant not in each.left_out or entrant in each.cells]
    found = [setting.cells.get(entrant) for setting in asked]
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
    asked = [each for each in settings if entrant not in each.left_out]
    missing = [setting.name for setting in asked if entrant not in setting.cells]
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


def _scores(ranked: Sequence[str], settings: Sequence[Cells], metric: Metric) -> Scores:
    """What is known of the ranked methods' scores in the column that the ranks follow.

    Where lower figures are better, all are negated: higher scores rank higher.
    """
    ranked_by, sign = metric.name, metric.sign
    cells = [[setting.cells[key] for key in ranked] for setting in settings]
    unknown = [cell.runs for line in cells for cell in line if isinstance(cell.runs, Undefined)]

    def table(figures: Iterable[Iterable[float]]) -> np.ndarray:
        return np.array([[*line] for line in figures], dtype=np.float64)

    return Scores(
        methods=tuple(ranked),
        means=table(
            (sign * (cell.values[ranked_by].mean or 0.0) for cell in line) for line in cells
        ),
        stds=table((cell.stds.get(ranked_by, math.nan) for cell in line) for line in cells),
        seeds=table((cell.seed_count for cell in line) for line in cells),
        by_seed=unknown[0]
        if unknown
        else tuple(
            sign * np.stack([cell.by_seed[ranked_by] for cell in line]) for line in cells if line
        ),
    )


def _detectable(scores: Scores, test: Significance) -> float:
    """Smallest detectable difference between two of the ranked methods."""
    if not isinstance(scores.by_seed, Undefined) and not test.unpaired:
        return detectable_by_seed(scores.by_seed)
    return detectable_from_stds(scores.stds.tolist(), scores.seeds.min(axis=1).astype(int).tolist())

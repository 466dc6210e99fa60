"""The rows of a table over one or several settings of a league."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.assemble.cells import Cells, measured
from leaderboard.assemble.columns import RANKING, RELATIONAL
from leaderboard.assemble.means import means_of
from leaderboard.assemble.ranking import Place, caution, places
from leaderboard.assemble.relational import relational_values
from leaderboard.assemble.stamps import stamp
from leaderboard.formatting import plain
from leaderboard.model import Column, Row, Status, Value

STATUSES: tuple[Status, ...] = ("complete", "incomplete", "failed")
NAMED_SETTINGS = 6
"""So many settings that lack an entrant are named; of more only the first."""


@dataclass(frozen=True)
class Table:
    """Rows in the order of the table."""

    rows: tuple[Row, ...]
    ranked_by: str
    stamp: str
    """Of the ranked entrants."""
    caution: str
    """What the rank intervals can't bear; empty if there is none or they rest on enough."""


@dataclass(frozen=True)
class Frame:
    """What all tables of a league share."""

    names: tuple[str | int, ...]
    """Of the league, for its random streams."""
    columns: tuple[Column, ...]
    entrants: Mapping[str, str]
    """Names by key, for the order of what is not ranked."""
    ids: Mapping[str, str]
    """Ids by key, for the stamp."""
    baselines: frozenset[str]
    """Keys of those that decide which column gives the ranks."""


def make_table(frame: Frame, settings: Sequence[Cells], *, everybody: bool = False) -> Table:
    """Rows over one or more settings of a league, ranked where they are complete.

    Args:
        frame: of the league.
        settings: whose figures are shown, or their means.
        everybody: whether entrants that have nothing in any of ``settings`` get a row, too.
    """
    there = frame.entrants if everybody else {key for each in settings for key in each.cells}
    entrants = sorted(there)
    names = [column.name for column in frame.columns if not column.relational]
    status = {key: _status(key, settings) for key in entrants}
    complete = [key for key in entrants if status[key] == "complete"]
    values = {key: means_of(key, settings, names) for key in entrants}
    judges = [key for key in complete if key in frame.baselines] or complete or entrants
    ranked_by = next(
        (name for name in RANKING if any(_has(values[key], name) for key in judges)), RANKING[-1]
    )
    ranked = [key for key in complete if _has(values[key], ranked_by)]
    by_seed = _by_seed(ranked, settings, ranked_by)
    means = {key: values[key][ranked_by].mean or 0.0 for key in ranked}
    found = places(means, by_seed, (*frame.names, tuple(each.name for each in settings)))
    relational = relational_values(ranked, settings)
    rows = []
    for key in entrants:
        reason = _unranked(status[key], values[key][ranked_by])
        place = found.get(key, Place(None, reason=reason))
        nothing = dict.fromkeys(RELATIONAL, Value(reason=reason))
        figures = values[key] | relational.get(key, nothing)
        rows.append(
            Row(
                entrant=key,
                status=status[key],
                rank=place.rank,
                values={column.name: figures[column.name] for column in frame.columns},
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
        stamp=stamp(frame.ids[key] for key in ranked),
        caution=caution(by_seed) if any(place.low for place in found.values()) else "",
    )


def _order(row: Row, frame: Frame) -> tuple[object, ...]:
    """Ranked ones by rank, then the others by status; equals by name."""
    name = frame.entrants[row.entrant]
    return (row.rank is None, row.rank or 0, STATUSES.index(row.status), name, row.entrant)


def _has(values: Mapping[str, Value], name: str) -> bool:
    return values[name].mean is not None


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
) -> list[dict[str, np.ndarray]]:
    """Scores by setting, entrant and seed; empty where single seeds are not known."""
    if not measured(ranked, settings):
        return []
    return [{key: setting.cells[key].by_seed[ranked_by] for key in ranked} for setting in settings]

"""A league's tables and figures, whether its figures were measured or published."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import get_args

import numpy as np
from scipy.stats import t as student

from leaderboard.assemble.cells import Cell, Cells, ClassFigures
from leaderboard.assemble.keys import keys
from leaderboard.assemble.relations import make_relations
from leaderboard.assemble.table import Frame, make_table
from leaderboard.metrics.metric import PERCENT, over_seeds
from leaderboard.metrics.reference import Reference
from leaderboard.metrics.registry import shown_in
from leaderboard.metrics.runs import Runs
from leaderboard.model import (
    Badge,
    ClassFigure,
    CurvePoint,
    EfficiencyFit,
    Entrant,
    Group,
    League,
    Row,
    SettingRow,
    SettingTable,
    Value,
    View,
)
from leaderboard.undefined import Undefined

FEWEST_BANDED = 3
"""Seeds from which on a curve has a band."""
FILTERS: Mapping[str, Callable[[SettingTable], str]] = {
    "dataset": lambda setting: setting.dataset,
    "regime": lambda setting: setting.regime,
    "patch": lambda setting: setting.patch_role or setting.patch,
}
"""What a filter compares, by the name of a view's field."""


@dataclass(frozen=True)
class MethodSource:
    """A method of a league, from results or from the papers."""

    card: Entrant
    """Without what the league adds: key, league, status and problems."""
    baseline: bool
    """Whether it decides, with the others, which column the ranks follow."""


@dataclass(frozen=True)
class SettingSource:
    """A setting of a league, from results or from the papers."""

    about: SettingTable
    """Without what the league adds: key, full-data Dice, rows, ranks."""
    reference: Reference
    cells: Mapping[str, Cell]
    """By the method's identity."""
    classes: tuple[str, ...] = ()
    """Names of the foreground classes."""
    compared: bool = True
    """Whether the main table compares it."""
    key_ignoring_query_size: str = ""
    first_loop: int = 1
    """The first in which methods may differ: 0 where starts are compared."""


@dataclass(frozen=True)
class LeagueSource:
    """All that tells a league from others; the rest follows from its cells."""

    names: tuple[str | int, ...]
    """What keys and random streams are derived from."""
    title: str
    group: Group
    track: str
    protocol: str
    nnunet: str
    epochs: int
    comparable: bool
    methods: Mapping[str, MethodSource]
    """By identity, in the order of their cards."""
    settings: Mapping[str, SettingSource]
    """By identity, in order."""
    notes: tuple[str, ...]


def make_league(source: LeagueSource) -> League:
    """All tables and figures of a league."""
    metrics = shown_in(source.group)
    entrants = keys("m", source.methods, within=source.names)
    frame = Frame(
        names=source.names,
        metrics=metrics,
        entrants={entrants[name]: method.card.name for name, method in source.methods.items()},
        ids={key: name for name, key in entrants.items()},
        baselines=frozenset(
            entrants[name] for name, method in source.methods.items() if method.baseline
        ),
    )
    found = keys("s", source.settings, within=source.names)
    settings = {key: source.settings[name] for name, key in found.items()}
    cells = {key: _cells(setting, key, entrants) for key, setting in settings.items()}
    tables = {key: _setting(frame, setting, cells[key]) for key, setting in settings.items()}
    compared = {key: cells[key] for key, setting in settings.items() if setting.compared}

    views = make_views(frame, [tables[key] for key in compared], compared)
    rows = {row.entrant: row for row in views[0].rows}
    (league,) = keys("l", ["league"], within=source.names).values()
    (ranking,) = (m.note(source.group) for m in metrics if m.name == views[0].ranked_by)
    return League(
        key=league,
        title=source.title,
        group=source.group,
        track=source.track,
        protocol=source.protocol,
        nnunet=source.nnunet,
        epochs=source.epochs,
        comparable=source.comparable,
        columns=tuple(metric.column(source.group) for metric in metrics),
        entrants=tuple(
            _entrant(source.methods[name].card, key, league, rows[key])
            for name, key in entrants.items()
        ),
        settings=tuple(tables.values()),
        views=views,
        relations=make_relations([*compared.values()], frame.ids),
        notes=(ranking, *source.notes),
    )


def _cells(setting: SettingSource, key: str, entrants: Mapping[str, str]) -> Cells:
    return Cells(
        name=setting.about.name,
        key=key,
        cells={entrants[name]: cell for name, cell in setting.cells.items()},
        reference=setting.reference,
        key_ignoring_query_size=setting.key_ignoring_query_size,
        first_loop=setting.first_loop,
    )


def _entrant(card: Entrant, key: str, league: str, row: Row) -> Entrant:
    badges: list[Badge] = [*card.badges]
    if row.status != "complete":
        badges.append(row.status)
    order = get_args(Badge)
    return replace(
        card,
        key=key,
        league=league,
        badges=tuple(sorted(badges, key=order.index)),
        problems=row.notes,
    )


def make_views(
    frame: Frame, settings: Sequence[SettingTable], cells: Mapping[str, Cells]
) -> tuple[View, ...]:
    """The main table for each distinct, non-empty choice of filters, few filters first.

    The first view, without a filter, has a row for every method of the league.

    Args:
        frame: of the league.
        settings: those that the main table compares, in order.
        cells: of the settings, by their keys.
    """
    views: dict[tuple[str, ...], View] = {}
    for choice in _choices(settings):
        chosen = tuple(setting.key for setting in settings if _fits(setting, choice))
        if not chosen or chosen in views:
            continue
        table = make_table(
            frame, [cells[key] for key in chosen], everybody=len(chosen) == len(settings)
        )
        views[chosen] = View(
            dataset=choice["dataset"],
            regime=choice["regime"],
            patch=choice["patch"],
            settings=chosen,
            rows=table.rows,
            ranked_by=table.ranked_by,
            cohort=table.cohort,
            caution=table.caution,
        )
    return tuple(views.values())


def _choices(settings: Iterable[SettingTable]) -> list[dict[str, str | None]]:
    """All combinations of the settings' values and None for all, those with few filters first."""
    options = [[None, *dict.fromkeys(map(value, settings))] for value in FILTERS.values()]
    every = [dict(zip(FILTERS, choice, strict=True)) for choice in product(*options)]
    return sorted(every, key=lambda choice: sum(wanted is not None for wanted in choice.values()))


def _fits(setting: SettingTable, choice: Mapping[str, str | None]) -> bool:
    return all(wanted in {None, FILTERS[name](setting)} for name, wanted in choice.items())


def _setting(frame: Frame, setting: SettingSource, cells: Cells) -> SettingTable:
    table, full = make_table(frame, [cells]), setting.reference.full
    return replace(
        setting.about,
        key=cells.key,
        full_data=Value(reason=full.reason)
        if isinstance(full, Undefined)
        else Value(PERCENT * full),
        rows=tuple(_row(row, cells.cells[row.entrant], setting) for row in table.rows),
        ranked_by=table.ranked_by,
        cohort=table.cohort,
        caution=table.caution,
    )


def _row(row: Row, cell: Cell, setting: SettingSource) -> SettingRow:
    runs = cell.runs
    return SettingRow(
        **vars(row),
        curve=() if isinstance(runs, Undefined) else _curve(runs),
        fit=_fit(cell, setting.reference.full),
        classes=()
        if isinstance(cell.classes, Undefined)
        else _classes(cell.classes, setting.classes),
    )


def _curve(runs: Runs) -> tuple[CurvePoint, ...]:
    """Means over seeds with Student's 95 % interval, by loop.

    Two seeds have none: it would be 12.7 standard errors to either side, and say nothing.
    """
    seeds = len(runs.seeds)
    centre = runs.dice.mean(axis=0)
    half = np.zeros_like(centre)
    if banded := seeds >= FEWEST_BANDED:
        half = student.ppf(0.975, seeds - 1) * runs.dice.std(axis=0, ddof=1) / np.sqrt(seeds)
    lows, highs = (np.clip(edge, 0, 1) for edge in (centre - half, centre + half))
    shares = runs.foreground
    labelled = np.zeros_like(centre) if isinstance(shares, Undefined) else shares.mean(axis=0)
    return tuple(
        CurvePoint(
            patches=runs.budgets[loop],
            foreground=PERCENT * float(labelled[loop]),
            dice=PERCENT * float(centre[loop]),
            low=PERCENT * float(lows[loop]) if banded else None,
            high=PERCENT * float(highs[loop]) if banded else None,
        )
        for loop in range(len(centre))
    )


def _fit(cell: Cell, full: float | Undefined) -> EfficiencyFit | None:
    found, runs = cell.efficiency, cell.runs
    if isinstance(found, Undefined) or isinstance(full, Undefined) or isinstance(runs, Undefined):
        return None
    if isinstance(runs.foreground, Undefined):
        return None
    points = zip(runs.foreground.ravel(), runs.dice.ravel(), strict=True)
    return EfficiencyFit(
        gamma=found.value,
        standard_error=found.standard_error,
        t0=found.t0,
        y0=found.y0,
        y_full=full,
        points=tuple((float(share), float(dice)) for share, dice in points),
    )


def _classes(figures: ClassFigures, names: Sequence[str]) -> tuple[ClassFigure, ...]:
    return tuple(_class(*each) for each in zip(names, figures.dice, figures.labelled, strict=True))


def _class(name: str, dice: np.ndarray, labelled: np.ndarray) -> ClassFigure:
    seen = over_seeds((PERCENT * dice[~np.isnan(dice)]).tolist())
    return ClassFigure(
        name=name,
        dice=seen.mean,
        dice_std=seen.spread,
        labelled=PERCENT * float(np.nan_to_num(labelled).mean()),
    )

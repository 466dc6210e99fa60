"""A league's tables and figures, whether its figures were measured or published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from leaderboard.assemble.cells import Cell, Cells, ClassFigures
from leaderboard.assemble.details import make_details
from leaderboard.assemble.keys import keys
from leaderboard.assemble.ranking.choices import choices, fits, told
from leaderboard.assemble.relations import make_relations
from leaderboard.assemble.roles import PROVING
from leaderboard.assemble.table import Frame, make_table
from leaderboard.assemble.views import chosen_views
from leaderboard.metrics.metric import PERCENT, Metric, over_seeds
from leaderboard.metrics.reference import Reference
from leaderboard.metrics.registry import shown_in
from leaderboard.metrics.runs import Runs
from leaderboard.metrics.student import quantile
from leaderboard.model import (
    Badge,
    ClassFigure,
    Column,
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


@dataclass(frozen=True)
class MethodSource:
    """A method of a league, from results or from the papers."""

    card: Entrant
    """Without what the league adds: key, league, status and problems."""
    baseline: bool
    """Whether it decides, with the others, which column the ranks follow."""
    developed_on: frozenset[str] = frozenset()
    """Names of roll-out datasets: its results on them are no proof."""


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
    left_out: Collection[str] = ()
    """Identities of methods that the track doesn't run here."""


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
    queries_from: str = ""
    """Track that chose the queries, if not the methods here."""


def make_league(source: LeagueSource) -> League:
    """All tables and figures of a league."""
    metrics = shown_in(source.group)
    entrants = keys("m", source.methods, within=source.names)
    found = keys("s", source.settings, within=source.names)
    settings = {key: source.settings[name] for name, key in found.items()}
    frame = Frame(
        names=source.names,
        metrics=metrics,
        entrants={entrants[name]: method.card.name for name, method in source.methods.items()},
        ids={key: name for name, key in entrants.items()},
        baselines=frozenset(
            entrants[name] for name, method in source.methods.items() if method.baseline
        ),
        oracles=frozenset(
            entrants[name] for name, method in source.methods.items() if method.card.oracle
        ),
        unproved=_unproved(source, settings, entrants),
        comparable=source.comparable,
    )
    cells = {key: _cells(setting, key, entrants) for key, setting in settings.items()}
    tables = {key: _setting(frame, setting, cells[key]) for key, setting in settings.items()}
    compared = {key: cells[key] for key, setting in settings.items() if setting.compared}

    views = make_views(frame, [tables[key] for key in compared], compared)
    classes = {key: (settings[key].about.dataset, settings[key].classes) for key in compared}
    views += chosen_views(frame, views, compared, classes)
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
        columns=_columns(metrics, source.group, tables.values(), views),
        entrants=tuple(
            _entrant(source.methods[name].card, key, league, rows[key])
            for name, key in entrants.items()
        ),
        settings=tuple(tables.values()),
        views=views,
        relations=make_relations([*compared.values()], frame.ids, views[0].ranked_over),
        notes=(ranking, *source.notes),
        details=make_details(cells.values()),
        queries_from=source.queries_from,
    )


def _columns(
    metrics: Sequence[Metric],
    group: Group,
    settings: Collection[SettingTable],
    views: Sequence[View],
) -> tuple[Column, ...]:
    """The columns with a figure in any table, and those that ranks follow."""
    tables: list[SettingTable | View] = [*settings, *(view for view in views if not view.by)]
    ranking = {each.ranked_by for each in [*tables, *views]}
    return tuple(
        metric.column(group)
        for metric in metrics
        if metric.name in ranking
        or any(row.values[metric.name].mean is not None for each in tables for row in each.rows)
    )


def _unproved(
    source: LeagueSource, settings: Mapping[str, SettingSource], entrants: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """By setting on a roll-out dataset: keys of the methods that were developed on it."""
    return {
        key: frozenset(
            entrants[name]
            for name, method in source.methods.items()
            if setting.about.dataset in method.developed_on
        )
        for key, setting in settings.items()
        if setting.about.role == PROVING
    }


def _cells(setting: SettingSource, key: str, entrants: Mapping[str, str]) -> Cells:
    return Cells(
        name=setting.about.name,
        key=key,
        cells={entrants[name]: cell for name, cell in setting.cells.items()},
        reference=setting.reference,
        key_ignoring_query_size=setting.key_ignoring_query_size,
        first_loop=setting.first_loop,
        left_out=frozenset(entrants[name] for name in setting.left_out if name in entrants),
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
    for choice in choices(settings, len(frame.entrants)):
        chosen = tuple(setting.key for setting in settings if fits(setting, choice))
        if not chosen or chosen in views:
            continue
        table = make_table(
            frame, [cells[key] for key in chosen], everybody=len(chosen) == len(settings)
        )
        views[chosen] = View(
            dataset=told(choice, "dataset"),
            regime=told(choice, "regime"),
            patch=told(choice, "patch"),
            role=told(choice, "role"),
            settings=chosen,
            **vars(table),
        )
    return tuple(views.values())


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
        verdict=table.verdict,
        lacking=table.lacking,
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
        half = quantile(seeds - 1) * runs.dice.std(axis=0, ddof=1) / np.sqrt(seeds)
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

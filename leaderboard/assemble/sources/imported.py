"""Leagues of other works' figures: as published, with source and page, apart from all others."""

from collections.abc import Sequence

from leaderboard.assemble.cells import Cell, Printed
from leaderboard.assemble.league import LeagueSource, MethodSource, SettingSource
from leaderboard.metrics.metric import NEEDS_SEEDS, NOT_PUBLISHED
from leaderboard.metrics.reference import UNKNOWN
from leaderboard.metrics.registry import shown_in
from leaderboard.metrics.student import student_interval
from leaderboard.model import Entrant, SettingTable, Value
from leaderboard.published.imports import ImportedRow

ABOUT = (
    "Figures as another work prints them, not measured by this benchmark: its protocol, data, "
    "split and training may differ. They are not ranked with measured methods."
)


def imported_sources(rows: Sequence[ImportedRow]) -> list[LeagueSource]:
    """One league for each work, study, training length and nnU-Net, in the order of the rows."""
    leagues: dict[tuple[str, str, int, str], list[ImportedRow]] = {}
    for row in rows:
        leagues.setdefault((row.work, row.study, row.epochs, row.nnunet), []).append(row)
    return [_league(group) for group in leagues.values()]


def _league(rows: Sequence[ImportedRow]) -> LeagueSource:
    first = rows[0]
    title = f"Published: {first.work}{f', {first.study}' if first.study else ''}"
    settings = dict.fromkeys(row.setting for row in rows)
    sources = dict.fromkeys(row.source for row in rows)
    return LeagueSource(
        names=("imported", first.work, first.study, first.nnunet, first.epochs),
        title=title,
        group="published",
        track=first.work,
        protocol="",
        nnunet=first.nnunet,
        epochs=first.epochs,
        comparable=True,
        methods={
            method: MethodSource(card=_card(method, rows), baseline=True)
            for method in dict.fromkeys(row.method for row in rows)
        },
        settings={
            name: _setting([row for row in rows if row.setting == name]) for name in settings
        },
        notes=(ABOUT, f"Source: {', '.join(sources)}."),
    )


def _card(method: str, rows: Sequence[ImportedRow]) -> Entrant:
    own = [row for row in rows if row.method == method]
    return Entrant(
        key="",
        league="",
        id=method,
        name=method,
        description=f"As {own[0].work} prints it.",
        reference=", ".join(dict.fromkeys(f"{row.source}, page {row.page}" for row in own)),
        oracle=None,
        badges=("published",),
        source_hash="",
        parameters={},
        environments=(),
        problems=(),
        command="",
    )


def _setting(rows: Sequence[ImportedRow]) -> SettingSource:
    first = rows[0]
    return SettingSource(
        about=SettingTable(
            key="",
            name=first.setting,
            dataset=first.dataset,
            regime="",
            patch="",
            epochs=first.epochs,
            about=(f"from {first.work}",),
            seeds=(),
            full_data=Value(),
            rows=(),
        ),
        reference=UNKNOWN,
        cells={
            method: _cell([row for row in rows if row.method == method])
            for method in dict.fromkeys(row.method for row in rows)
        },
    )


def _cell(rows: Sequence[ImportedRow]) -> Cell:
    """A method in a setting: one row per metric."""
    values = {
        metric.name: Value(
            reason=(NOT_PUBLISHED if metric.published.printed else NEEDS_SEEDS).reason
        )
        for metric in shown_in("published")
        if metric.published and not metric.relational
    }
    return Cell(
        status="complete",
        scores=Printed({row.metric: row.mean for row in rows}),
        values=values | {row.metric: _value(row) for row in rows},
        stds={row.metric: row.spread for row in rows if row.spread is not None and row.seeds > 1},
        seed_count=min(row.seeds for row in rows),
        notes=tuple(dict.fromkeys(_note(row) for row in rows)),
    )


def _value(row: ImportedRow) -> Value:
    if row.spread is None or row.seeds == 1:
        return Value(row.mean, row.spread)
    interval = student_interval([row.mean], [row.spread], row.seeds)
    return Value(row.mean, row.spread, interval.low, interval.high)


def _note(row: ImportedRow) -> str:
    return f"{row.source}, page {row.page}{f': {row.note}' if row.note else ''}"

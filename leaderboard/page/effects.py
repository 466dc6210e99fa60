"""Effects of query size and training length: one row per method, one column per setting."""

from collections.abc import Iterable
from dataclasses import dataclass

from leaderboard.formatting import shown
from leaderboard.model import Board, League, SettingTable
from leaderboard.page.pictures import Label

SMALLEST = 0.001
"""Smaller p-values are shown as below it."""


@dataclass(frozen=True)
class Effect:
    """A figure with its p-value."""

    text: str
    beside: str


@dataclass(frozen=True)
class Effects:
    """A table of effects; None where a method has no figure."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Effect | None, ...]], ...]


def query_sizes(league: League, labels: dict[str, Label]) -> list[Effects]:
    """Kendall's tau between query size and performance, one table per metric."""
    settings = {setting.key: setting for setting in league.settings}
    found: dict[str, dict[tuple[str, str], Effect]] = {}
    for item in league.relations.query_sizes:
        place = (labels[item.entrant].name, _place(settings[item.settings[0]]))
        effect = Effect(shown(item.tau, ""), _p(item.p_value))
        found.setdefault(_title(league, item.metric), {})[place] = effect
    return [
        _table(
            f"Query size: Kendall's tau with {title} (positive: smaller queries are better)", cells
        )
        for title, cells in found.items()
    ]


def training_lengths(board: Board) -> list[Effects]:
    """Differences between training lengths, one table per pair of leagues and metric."""
    leagues = {league.key: league for league in board.leagues}
    settings = {setting.key: setting for league in board.leagues for setting in league.settings}
    found: dict[tuple[str, str], dict[tuple[str, str], Effect]] = {}
    for item in board.length_effects:
        short, long = (leagues[key] for key in item.leagues)
        title = (
            f"{_title(long, item.metric)}: {long.title} minus {short.title}, in percentage points"
        )
        sign = "+" if item.difference > 0 else ""
        effect = Effect(f"{sign}{shown(item.difference, '%')}", _p(item.p_value))
        names = (_name(long, item.method), settings[item.settings[1]].name)
        found.setdefault((item.metric, title), {})[names] = effect
    return [_table(title, cells) for (_, title), cells in found.items()]


def _table(title: str, cells: dict[tuple[str, str], Effect]) -> Effects:
    columns = _distinct(column for _, column in cells)
    rows = _distinct(row for row, _ in cells)
    return Effects(
        title, columns, tuple((row, tuple(cells.get((row, c)) for c in columns)) for row in rows)
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _name(league: League, method: str) -> str:
    return next((e.name for e in league.entrants if e.id == method), method)


def _title(league: League, metric: str) -> str:
    return next(column.title for column in league.columns if column.name == metric)


def _place(setting: SettingTable) -> str:
    return f"{setting.dataset} {setting.regime}"


def _p(value: float) -> str:
    return f"p < {SMALLEST}" if value < SMALLEST else f"p = {value:.3f}"

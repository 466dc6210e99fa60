"""The page: one self-contained HTML file without script."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leaderboard.board import Board, seeds_text
from leaderboard.figures import Line, learning_curves, style_of
from leaderboard.tables import Table
from leaderboard.text import MISSING, count, listed, percent, plain, seconds

BADGES = {
    "baseline": "a method that comes with the benchmark",
    "submission": "a method that somebody handed in",
    "oracle": "saw ground truth of the whole pool, which no annotator has beforehand",
    "incomplete": "lacks a seed that other methods of the setting have; not ranked",
    "failed": "at least one experiment ended early, for the reason given; not ranked",
}


@dataclass(frozen=True)
class View:
    """A table as the template shows it."""

    anchor: str
    table: Table
    figure: str
    """SVG; empty if no method has a curve."""


def render(board: Board) -> str:
    """The whole page as HTML; the same board gives the same text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count=count, seconds=seconds, percent=percent, plain=plain)
    environment.filters["listed"] = listed
    environment.tests["reason"] = lambda value: isinstance(value, str)
    views = _views(board)
    sections = [
        (note, [view for view in views if view.table.key.track == note.track])
        for note in board.tracks
    ]
    return environment.get_template("page.html").render(
        board=board, sections=sections, badges=BADGES, missing=MISSING, seeds_text=seeds_text
    )


def _views(board: Board) -> list[View]:
    methods = sorted({(_group(row.badges), row.method) for t in board.tables for row in t.rows})
    order = {method: index for index, (_, method) in enumerate(methods)}
    return [
        View(anchor, table, _figure(table, anchor, order))
        for number, table in enumerate(board.tables, start=1)
        for anchor in [f"table-{number}"]
    ]


def _group(badges: Sequence[str]) -> int:
    """Baselines first, so that a new submission changes no baseline's colour."""
    return int("baseline" not in badges)


def _figure(table: Table, prefix: str, order: dict[str, int]) -> str:
    lines = [
        Line(_label(row.name, seeds_text(row), row.status), row.curve, style_of(order[row.method]))
        for row in table.rows
        if row.curve is not None
    ]
    if not lines:
        return ""
    text = f"Learning curves: mean Dice in percent against labelled patches, {table.setting.name}"
    return learning_curves(lines, prefix, plain(text))


def _label(name: str, seeds: str, status: str) -> str:
    return name if status == "complete" else f"{name} ({seeds} seeds)"

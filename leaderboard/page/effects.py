"""Studies as the page shows them: figures as text, charts as SVG."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leaderboard.figures.drawing.multiples import Line, Panel, small_multiples
from leaderboard.figures.styles import Style, style_of
from leaderboard.formatting import count, fixed, shown
from leaderboard.model import Board, Study, StudyCell, StudyChart, StudyLine, StudyPart, StudyTable
from leaderboard.page.pictures import Label, Picture

SMALLEST = 0.001
"""Smaller p-values are shown as below it."""
MOST_ROWS = 40
"""Rows of a table; the JSON download has all."""


@dataclass(frozen=True)
class Effect:
    """A figure with what stands below it."""

    text: str
    beside: str
    significant: bool


@dataclass(frozen=True)
class Effects:
    """A table of effects; None where there is no figure."""

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Effect | None, ...]], ...]
    note: str


@dataclass(frozen=True)
class ShownPart:
    """A part of a study with its tables and charts."""

    part: StudyPart
    key: str
    tables: tuple[Effects, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class ShownStudy:
    """A study with its parts."""

    study: Study
    parts: tuple[ShownPart, ...]


def studies(board: Board, labels: Mapping[str, Label]) -> list[ShownStudy]:
    """All studies of a board, in its order."""
    return [
        ShownStudy(
            study,
            tuple(
                _part(part, f"{study.key}-{part.group}-{number}", labels)
                for number, part in enumerate(study.parts, 1)
            ),
        )
        for study in board.studies
    ]


def _part(part: StudyPart, key: str, labels: Mapping[str, Label]) -> ShownPart:
    tables = tuple(map(_table, part.tables))
    return ShownPart(part, key, tables, tuple(_pictures(part, key, labels)))


def _table(table: StudyTable) -> Effects:
    number = len(table.rows)
    more = (
        f"Shown: the first {MOST_ROWS} of {count(number)} rows; the JSON download has all."
        if number > MOST_ROWS
        else ""
    )
    return Effects(
        table.title,
        table.corner,
        table.columns,
        tuple((name, tuple(map(_effect, cells))) for name, cells in table.rows[:MOST_ROWS]),
        " ".join(filter(None, [table.note, more])),
    )


def _effect(cell: StudyCell | None) -> Effect | None:
    if cell is None:
        return None
    text = count(cell.value) if cell.unit == "whole" else shown(cell.value, cell.unit)
    sign = "+" if cell.signed and cell.value > 0 and text.strip("0.") else ""
    beside = "" if cell.p_value is None else _p(cell.p_value)
    if cell.spread is not None:
        beside = f"\N{PLUS-MINUS SIGN} {shown(cell.spread, cell.unit)}"
    return Effect(sign + text, beside, cell.significant)


def _p(value: float) -> str:
    return f"p < {SMALLEST}" if value < SMALLEST else f"p = {fixed(value, 3)}"


def _pictures(part: StudyPart, key: str, labels: Mapping[str, Label]) -> Iterator[Picture]:
    for number, chart in enumerate(part.charts):
        caption = " ".join(filter(None, [f"{chart.title}.", chart.left_out]))
        svg = small_multiples(
            [
                Panel(
                    panel.title,
                    tuple(_line(line, place, labels) for place, line in enumerate(panel.lines)),
                )
                for panel in chart.panels
            ],
            _places(chart),
            chart.axes,
            f"{part.title}. {caption}",
            ranks=chart.ranks,
        )
        yield Picture("study", f"{key}-chart-{number}", caption, svg)


def _places(chart: StudyChart) -> list[str]:
    return [name.replace(" (", "\n(") for name in chart.places]


def _line(line: StudyLine, place: int, labels: Mapping[str, Label]) -> Line:
    return Line(line.name, _style(line, place, labels), line.values)


def _style(line: StudyLine, place: int, labels: Mapping[str, Label]) -> Style:
    known = labels.get(line.method)
    return known.style if known else style_of(place)

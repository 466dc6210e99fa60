"""Matrices as heat maps with numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderboard.figures.svg import LETTER, clipped, document, text
from leaderboard.model import Agreement, PairwisePenalty

CELL, LONGEST, SHADES = 58, 24, 20


@dataclass(frozen=True)
class Cell:
    """A number of a matrix, with its shade in [0, 1]."""

    text: str
    shade: float


def penalty_matrix(penalty: PairwisePenalty, names: Sequence[str], description: str) -> str:
    """SVG: percentage of loops in which row beats column; mean wins and losses at the edges."""
    size = len(names)
    shares = {
        (row, column): share
        for row, line in enumerate((*penalty.matrix, penalty.losses))
        for column, share in enumerate((*line, penalty.wins[row]) if row < size else line)
        if row != column
    }
    cells = {place: Cell(f"{100 * share:.0f}", share) for place, share in shares.items()}
    return heat_map(cells, [*names, "mean losses"], [*names, "mean wins"], description)


def agreement_matrix(
    agreements: Sequence[Agreement], names: Mapping[str, str], description: str
) -> str:
    """SVG: Kendall's tau of every pair of settings; the further from 0, the darker.

    ``names`` are those of the settings by their key, in the order of rows and columns.
    """
    order = {key: place for place, key in enumerate(names)}
    cells = {}
    for item in agreements:
        first, second = sorted((order[item.first], order[item.second]))
        cells[second - 1, first] = Cell(f"{item.tau:.2f}", abs(item.tau))
    labels = list(names.values())
    return heat_map(cells, labels[1:], labels[:-1], description)


def heat_map(
    cells: Mapping[tuple[int, int], Cell], rows: Sequence[str], columns: Sequence[str], said: str
) -> str:
    """SVG of numbers on squares, by (row, column)."""
    longest = max(map(len, (*rows, *columns)))
    margin = LETTER * min(LONGEST, longest) + 36
    body = [
        *(
            text(margin - 10, _place(margin, n) + 37, clipped(name, LONGEST * LETTER), "end")
            for n, name in enumerate(rows)
        ),
        *(
            text(_place(margin, n) + 37, margin - 10, clipped(name, LONGEST * LETTER), turned=True)
            for n, name in enumerate(columns)
        ),
        *_cells(margin, cells),
    ]
    width, height = (_place(margin, len(names)) + 4 for names in (columns, rows))
    return document(body, height, said, width)


def _place(margin: float, index: int) -> float:
    return margin + index * CELL


def _cells(margin: float, cells: Mapping[tuple[int, int], Cell]) -> list[str]:
    shades: dict[int, str] = {}
    numbers = []
    for (row, column), cell in cells.items():
        x, y = _place(margin, column), _place(margin, row)
        shade = round(cell.shade * SHADES)
        square = f"M{round(x)},{round(y)}h{CELL - 2}v{CELL - 2}h{2 - CELL}z"
        shades[shade] = shades.get(shade, "") + square
        numbers.append(text(x + CELL / 2, y + 37, cell.text))
    # From a hint of blue up to one that still carries dark text in both colour schemes.
    squares = [
        f'<path d="{data}" fill-opacity="{0.04 + 0.41 * shade / SHADES:.3f}"/>'
        for shade, data in sorted(shades.items())
    ]
    return [
        f'<g fill="#1a6fb5">{"".join(squares)}</g>',
        f'<g text-anchor="middle" font-size="22">{"".join(numbers)}</g>',
    ]

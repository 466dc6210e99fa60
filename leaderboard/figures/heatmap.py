"""Matrices as heat maps with numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderboard.figures.drawing.svg import LETTER, clipped, document, text
from leaderboard.figures.styles import HEAT, shade, shade_ink
from leaderboard.formatting import fixed
from leaderboard.model import Agreement, PairwisePenalty

CELL, LONGEST, FONT = 52, 26, 22


@dataclass(frozen=True)
class Cell:
    """A number of a matrix, with its shade in [0, 1]."""

    text: str
    shade: float


def penalty_matrix(penalty: PairwisePenalty, names: Sequence[str], description: str) -> str:
    """SVG: percentage of loops in which row beats column; mean wins and losses at the edges.

    ``names`` are those of the first methods of the matrix; of others only the means know.
    """
    size = len(names)
    shares = {
        (row, column): share
        for row, line in enumerate((*penalty.matrix[:size], penalty.losses))
        for column, share in enumerate(
            (*line[:size], penalty.wins[row]) if row < size else line[:size]
        )
        if row != column
    }
    cells = {place: Cell(fixed(100 * share, 0), share) for place, share in shares.items()}
    return heat_map(cells, [*names, "mean losses"], [*names, "mean wins"], description)


def agreement_matrix(
    agreements: Sequence[Agreement], names: Mapping[str, str], description: str
) -> str:
    """SVG: Kendall's tau of every pair of settings; the higher, the stronger the shade.

    ``names`` are those of the settings by their key, in the order of rows and columns.
    """
    order = {key: place for place, key in enumerate(names)}
    cells = {}
    for item in agreements:
        if item.first in order and item.second in order:
            first, second = sorted((order[item.first], order[item.second]))
            cells[second - 1, first] = Cell(_tau(item.tau), max(0.0, item.tau))
    labels = list(names.values())
    return heat_map(cells, labels[1:], labels[:-1], description)


def _tau(value: float) -> str:
    """With two decimals and without the zero before them.

    >>> _tau(0.5), _tau(-0.25), _tau(1.0)
    ('.50', '-.25', '1')
    """
    text = fixed(abs(value), 2)
    sign = "-" if value < 0 and float(text) else ""
    return sign + ("1" if text == "1.00" else text.removeprefix("0"))


def heat_map(
    cells: Mapping[tuple[int, int], Cell], rows: Sequence[str], columns: Sequence[str], said: str
) -> str:
    """SVG of numbers on squares, by (row, column)."""
    longest = max(map(len, (*rows, *columns)))
    margin = LETTER * min(LONGEST, longest) + 30
    base = CELL / 2 + FONT / 3
    body = [
        *(
            text(margin - 10, _place(margin, n) + base, clipped(name, LONGEST * LETTER), "end")
            for n, name in enumerate(rows)
        ),
        *(
            text(
                _place(margin, n) + base, margin - 10, clipped(name, LONGEST * LETTER), turned=True
            )
            for n, name in enumerate(columns)
        ),
        *_cells(margin, cells),
    ]
    width, height = (_place(margin, len(names)) + 4 for names in (columns, rows))
    return document(body, height, said, width, (width / 2.4, width / 1.6))


def _place(margin: float, index: int) -> float:
    return margin + index * CELL


def _cells(margin: float, cells: Mapping[tuple[int, int], Cell]) -> list[str]:
    squares: dict[int, str] = {}
    numbers: dict[int, str] = {}
    for (row, column), cell in cells.items():
        x, y = _place(margin, column), _place(margin, row)
        step = round(cell.shade * (len(HEAT) - 1))
        square = f"M{round(x)},{round(y)}h{CELL - 2}v{CELL - 2}h{2 - CELL}z"
        squares[step] = squares.get(step, "") + square
        words = text(x + CELL / 2 - 1, y + CELL / 2 + FONT / 3, cell.text)
        numbers[step] = numbers.get(step, "") + words
    return [
        *(f'<path d="{data}" style="fill:{shade(n)}"/>' for n, data in sorted(squares.items())),
        f'<g text-anchor="middle" font-size="{FONT}">',
        *(f'<g style="fill:{shade_ink(n)}">{data}</g>' for n, data in sorted(numbers.items())),
        "</g>",
    ]

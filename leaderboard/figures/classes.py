"""Per-class Dice and labelled fraction (P2's adrenal-gland figure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.figures.drawing.legend import Legend
from leaderboard.figures.drawing.svg import (
    FONT,
    WIDTH,
    Scale,
    clipped,
    document,
    markers,
    text,
    tick_text,
    ticks,
)
from leaderboard.figures.styles import Style
from leaderboard.model import ClassFigure

NAME, GAP, RIGHT, TOP, FOOT = 200, 36, 24, 40, 50
LINE, APART = 44, 13
"""Least height of a class, and the distance of its methods' markers."""


@dataclass(frozen=True)
class Classes:
    """One method's figures by class."""

    name: str
    style: Style
    figures: tuple[ClassFigure, ...]


def class_figures(methods: Sequence[Classes], description: str) -> str:
    """SVG of two panels, one line per class: Dice after the final loop and labelled fraction."""
    names = [figure.name for figure in methods[0].figures]
    dice = [f.dice for m in methods for f in m.figures if f.dice is not None] or [0.0]
    shares = [f.labelled for m in methods for f in m.figures]
    middle = NAME + (WIDTH - NAME - RIGHT) / 2
    height = max(LINE, APART * (len(methods) + 1))
    bottom = TOP + height * len(names)
    left = _scale(dice, NAME, middle - GAP)
    right = _scale([0.0, *shares], middle + GAP, WIDTH - RIGHT)
    body = [
        *_panel(left, "Dice (%)", len(names), height),
        *_panel(right, "Labelled fraction (%)", len(names), height),
        *(
            text(NAME - 16, TOP + height * (row + 0.5) + FONT / 3, clipped(name, NAME - 16), "end")
            for row, name in enumerate(names)
        ),
    ]
    legend = Legend([method.name for method in methods], bottom + FOOT)
    for place, method in enumerate(methods):
        # Spread over the line's height, so that equal values don't hide each other.
        shift = height * ((place + 1) / (len(methods) + 1) - 0.5)
        rows = [TOP + height * (row + 0.5) + shift for row in range(len(names))]
        points = [
            (left(f.dice), y)
            for f, y in zip(method.figures, rows, strict=True)
            if f.dice is not None
        ]
        points += [(right(f.labelled), y) for f, y in zip(method.figures, rows, strict=True)]
        points.append(legend.place(place))
        body.append(f'<path d="{markers(points, method.style)}" fill="{method.style.colour}"/>')
    return document([*body, *legend.words()], legend.bottom, description)


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 1
    return Scale(low - room, high + room, start, end)


def _panel(scale: Scale, title: str, rows: int, height: float) -> list[str]:
    bottom = TOP + height * rows
    marks = ticks(scale.low, scale.high, 4)
    grid = "".join(f"M{round(scale(v))},{TOP}V{round(bottom)}" for v in marks)
    lines = "".join(
        f"M{round(scale.start)},{round(TOP + height * row)}H{round(scale.end)}"
        for row in range(rows + 1)
    )
    return [
        f'<path d="{grid}{lines}" stroke="currentColor" stroke-opacity=".18"/>',
        *(text(scale(v), bottom + 28, tick_text(v), "middle") for v in marks),
        text((scale.start + scale.end) / 2, FONT, title, "middle"),
    ]

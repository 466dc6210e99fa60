"""Curves over rounds, as an SVG that the page holds in itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmark.annotation.agreement.intervals import Interval
from benchmark.pictures.colours import class_colour

WIDTH, HEIGHT = 380, 230
LEFT, RIGHT, TOP, BOTTOM = 40, 14, 12, 34
APART: Final = 4
"""Pixels between the marks of classes at the same round."""
TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Mark:
    """One value with its interval, in pixels from the top left."""

    x: float
    y: float
    low: float
    """Pixel of the interval's lower end; that of the value where there is none."""
    high: float
    text: str
    """Shown where the pointer rests."""


@dataclass(frozen=True)
class Curve:
    """One class over the rounds."""

    name: str
    colour: str
    marks: tuple[Mark, ...]

    @property
    def points(self) -> str:
        """For an SVG polyline."""
        return " ".join(f"{mark.x:.1f},{mark.y:.1f}" for mark in self.marks)


@dataclass(frozen=True)
class Chart:
    """Values from 0 to 1 over rounds."""

    title: str
    text: str
    axis: str
    curves: tuple[Curve, ...]
    columns: tuple[tuple[float, str], ...]
    """Pixel and name of each round."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM

    @property
    def rows(self) -> tuple[tuple[float, str], ...]:
        """Pixel and text of each line across."""
        return tuple((_pixel(tick), f"{tick:g}") for tick in TICKS)


def chart(
    title: str,
    text: str,
    rounds: Sequence[str],
    values: Sequence[Sequence[Interval | None]],
    classes: Sequence[str],
) -> Chart:
    """A chart of one figure of each class.

    Args:
        title: what is drawn.
        text: how to read it.
        rounds: name of each column.
        values: by round, one figure a class; None where it is undefined.
        classes: foreground classes, in label order.
    """
    width = (WIDTH - LEFT - RIGHT) / max(len(rounds), 1)
    middles = [LEFT + width * (n + 0.5) for n in range(len(rounds))]
    curves = []
    for place, name in enumerate(classes):
        shift = APART * (place - (len(classes) - 1) / 2)
        found = [
            _mark(middle + shift, row[place], f"{name}, {label}")
            for middle, row, label in zip(middles, values, rounds, strict=True)
        ]
        marks = tuple(mark for mark in found if mark is not None)
        curves.append(Curve(name, class_colour(place + 1), marks))
    columns = tuple(zip(middles, rounds, strict=True))
    return Chart(title, text, "Dice", tuple(curves), columns)


def _mark(x: float, value: Interval | None, name: str) -> Mark | None:
    if value is None:
        return None
    low = value.value if value.low is None else value.low
    high = value.value if value.high is None else value.high
    return Mark(x, _pixel(value.value), _pixel(low), _pixel(high), f"{name}: {value}")


def _pixel(value: float) -> float:
    return TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)

"""What methods cost and what they reach: a scatter with the best score for at most each cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leaderboard.figures.drawing.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP
from leaderboard.figures.drawing.labels import MARK, Box, beside
from leaderboard.figures.drawing.svg import (
    FONT,
    LETTER,
    WIDTH,
    Point,
    Scale,
    clipped,
    document,
    dots,
    markers,
    text,
    tick_text,
    ticks,
)
from leaderboard.figures.styles import Style

WIDE_SPREAD = 20
"""From this ratio of the largest cost to the smallest on, the axis is logarithmic."""
SMALL, LONGEST = 20, 22
"""Size of the names' letters, and their longest length."""
PLAIN, BOLD = 0.62, 0.7
"""Width of a letter by its size, for wide fonts."""
HALO = 'style="stroke:var(--paper,#fff);stroke-width:5px;paint-order:stroke"'
"""Keeps a name apart from lines behind it."""
FEW_DECADES = 2
STEPS = (1, 2, 5)
THOUSANDS = ((1e9, "G"), (1e6, "M"), (1e4, "k"))


@dataclass(frozen=True)
class Spot:
    """A ranked method; the ranking's first come first."""

    name: str
    style: Style
    cost: float
    score: float
    oracle: bool = False
    named: bool = True
    """Whether it is among those with their own marker; the others are grey dots."""


def pareto(spots: Sequence[Spot]) -> list[int]:
    """Places of those that score more than everybody who costs no more; by cost.

    Of methods that are equal in both, the first counts.
    """
    order = sorted(range(len(spots)), key=lambda n: (spots[n].cost, -spots[n].score, n))
    found: list[int] = []
    for place in order:
        if not found or spots[place].score > spots[found[-1]].score:
            found.append(place)
    return found


def logarithmic(costs: Sequence[float]) -> bool:
    """Whether costs are so different that a linear axis would crowd the small ones."""
    return min(costs) > 0 and max(costs) >= WIDE_SPREAD * min(costs)


def cost_chart(
    spots: Sequence[Spot], titles: tuple[str, str], description: str
) -> tuple[str, list[str]]:
    """SVG of scores against costs, and the names that found no place in it.

    Args:
        spots: two or more.
        titles: of cost and score.
        description: for screen readers.
    """
    log = logarithmic([spot.cost for spot in spots])
    place = math.log10 if log else float
    x = _scale([place(spot.cost) for spot in spots], LEFT, WIDTH - RIGHT)
    y = _scale([spot.score for spot in spots], HEIGHT - BOTTOM, TOP)
    points = [(x(place(spot.cost)), y(spot.score)) for spot in spots]
    front = pareto(spots)
    own = sorted(
        (n for n, spot in enumerate(spots) if spot.named or n in front),
        key=lambda n: (n not in front, n),
    )
    others = dots([point for n, point in enumerate(points) if n not in own])
    body = [
        *_frame(x, y, titles, log=log),
        (
            f'<path d="{_steps([points[n] for n in front])}" fill="none" stroke="currentColor" '
            'stroke-width="2" stroke-dasharray="8,5" stroke-opacity=".7"/>'
        ),
    ]
    if others:
        body.append(
            f'<path d="{others}" stroke="currentColor" stroke-opacity=".35" stroke-width="9" '
            'stroke-linecap="round"/>'
        )
    body += [_mark(spots[number], points[number]) for number in reversed(own)]
    named, unnamed = _names(spots, points, own, front)
    return document([*body, *named], HEIGHT, description), unnamed


def _names(
    spots: Sequence[Spot], points: Sequence[Point], own: Sequence[int], front: Sequence[int]
) -> tuple[list[str], list[str]]:
    """SVG of the names of ``own``, and those without a place."""
    words = {n: clipped(spots[n].name, LONGEST * LETTER) for n in own}
    order = [*own, *(n for n in range(len(spots)) if n not in words)]
    widths = {n: len(words[n]) * SMALL * (BOLD if n in front else PLAIN) for n in own}
    sizes = [(widths.get(n, 0.0), SMALL + 2.0) for n in order]
    area = Box(LEFT, TOP - 20, WIDTH - LEFT, HEIGHT - BOTTOM - TOP + 18)
    line = _boxes([points[n] for n in front])
    body, unnamed = [], []
    for number, box in zip(
        order, beside([points[n] for n in order], sizes, area, line), strict=True
    ):
        if box:
            bold = ' font-weight="700"' if number in front else ""
            body += _name(words[number], points[number], box, bold)
        elif number in words:
            unnamed.append(spots[number].name)
    return body, unnamed


def _boxes(front: Sequence[Point]) -> list[Box]:
    """The rectangles that the line of the best scores runs through."""
    ends = [*(x for x, _ in front[1:]), WIDTH - RIGHT]
    flat = [Box(x, y - 3, end - x, 6) for (x, y), end in zip(front, ends, strict=True)]
    steep = [Box(x - 3, y, 6, old - y) for (_, old), (x, y) in pairwise(front)]
    return [*flat, *steep]


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.5
    return Scale(low - room, high + room, start, end)


def _frame(x: Scale, y: Scale, titles: tuple[str, str], *, log: bool) -> list[str]:
    bottom = HEIGHT - BOTTOM
    rows = [(round(y(value)), tick_text(value)) for value in ticks(y.low, y.high)]
    columns = _logs(x) if log else [(x(v), _short(v)) for v in ticks(x.low, x.high)]
    grid = "".join(f"M{LEFT},{row}H{WIDTH - RIGHT}" for row, _ in rows)
    marks = "".join(f"M{round(place)},{bottom}v8" for place, _ in columns)
    return [
        f'<path d="{grid}" stroke="currentColor" stroke-opacity=".18"/>',
        (
            f'<path d="M{LEFT},{bottom}H{WIDTH - RIGHT}{marks}" stroke="currentColor" '
            'stroke-opacity=".6" fill="none"/>'
        ),
        *(text(LEFT - 12, row + FONT / 3, words, "end") for row, words in rows),
        *(text(place, bottom + 34, words, "middle") for place, words in columns),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, titles[0], "middle"),
        text(8, FONT, titles[1]),
    ]


def _logs(x: Scale) -> list[tuple[float, str]]:
    """Ticks of a scale of decimal logarithms: powers of ten, and 2 and 5 where these are few."""
    few = x.high - x.low < FEW_DECADES
    powers = range(math.floor(x.low), math.ceil(x.high) + 1)
    values = [step * 10.0**power for power in powers for step in (STEPS if few else STEPS[:1])]
    return [(x(math.log10(v)), _short(v)) for v in values if x.low <= math.log10(v) <= x.high]


def _short(value: float) -> str:
    """A tick with thousands and millions as letters.

    >>> [_short(value) for value in (0.5, 2000.0, 20000.0, 1500000.0)]
    ['0.5', '2000', '20k', '1.5M']
    """
    for size, letter in THOUSANDS:
        if abs(value) >= size:
            unit = min(size, 1e3) if letter == "k" else size
            return tick_text(value / unit) + letter
    return tick_text(value)


def _steps(front: Sequence[Point]) -> str:
    """Path data of the best score for at most each cost."""
    (x, y), *rest = front
    further = "".join(f"H{round(x)}V{round(y)}" for x, y in rest)
    return f"M{round(x)},{round(y)}{further}H{WIDTH - RIGHT}"


def _mark(spot: Spot, point: Point) -> str:
    colour = spot.style.colour
    inside = "var(--paper,#fff)" if spot.oracle else colour
    return (
        f'<path d="{markers([point], spot.style)}" stroke="{colour}" stroke-width="3" '
        f'style="fill:{inside}"/>'
    )


def _name(words: str, point: Point, box: Box, bold: str) -> list[str]:
    """The name in its place, with a line to it where that is away."""
    x, y = point
    near = (
        min(max(x, box.left), box.left + box.width),
        min(max(y, box.top), box.top + box.height),
    )
    parts = []
    if math.dist(point, near) > 2 * MARK:
        parts.append(
            f'<path d="M{round(x)},{round(y)}L{round(near[0])},{round(near[1])}" '
            'stroke="currentColor" stroke-opacity=".4"/>'
        )
    base = box.top + box.height - 5
    extra = f' font-size="{SMALL}"{bold} {HALO}'
    return [*parts, text(box.left + box.width / 2, base, words, "middle", extra=extra)]

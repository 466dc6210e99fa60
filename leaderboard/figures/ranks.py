"""Ranks of methods over settings (P2's figure 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from leaderboard.figures.legend import Legend
from leaderboard.figures.styles import Style
from leaderboard.figures.svg import (
    FONT,
    LETTER,
    LINES,
    WIDTH,
    Point,
    Scale,
    clipped,
    dashed,
    document,
    group,
    line,
    markers,
    text,
)

LEFT, RIGHT, TOP, BODY, LONGEST = 60, 30, 44, 520, 22


@dataclass(frozen=True)
class Ranked:
    """One method's rank by setting; None: not ranked there."""

    name: str
    style: Style
    ranks: tuple[int | None, ...]


def rank_plot(methods: Sequence[Ranked], settings: Sequence[str], description: str) -> str:
    """SVG: one column per setting, one line per method, rank 1 on top."""
    labels = [clipped(name, LONGEST * LETTER) for name in settings]
    worst = max((rank for m in methods for rank in m.ranks if rank is not None), default=1)
    x = Scale(0, max(1, len(settings) - 1), LEFT + 24, WIDTH - RIGHT)
    y = Scale(1, max(2, worst), TOP, TOP + BODY)
    places = range(1, worst + 1, max(1, -(-worst // 10)))
    grid = "".join(f"M{LEFT},{round(y(rank))}H{WIDTH - RIGHT}" for rank in places)
    bottom = TOP + BODY + 24
    body = [
        text(8, FONT, "Rank"),
        f'<path d="{grid}" stroke="currentColor" stroke-opacity=".18"/>',
        *(text(LEFT - 10, y(rank) + FONT / 3, str(rank), "end") for rank in places),
        *(text(x(n) + 8, bottom, label, "end", turned=True) for n, label in enumerate(labels)),
    ]
    legend = Legend([m.name for m in methods], bottom + LETTER * max(map(len, labels)) + 16)
    lines, points = [], []
    for index, method in enumerate(methods):
        colour = method.style.colour
        runs = _runs(method, x, y)
        path = "".join(map(line, runs)) + legend.swatch(index)
        lines.append(f'<path stroke="{colour}"{dashed(method.style)} d="{path}"/>')
        seen = [*(point for run in runs for point in run), legend.place(index)]
        points.append(f'<path fill="{colour}" d="{markers(seen, method.style)}"/>')
    body += [group(lines, f'{LINES} stroke-opacity=".7"'), *points, *legend.words()]
    return document(body, legend.bottom, description)


def _runs(method: Ranked, x: Scale, y: Scale) -> list[list[Point]]:
    """Positions of the ranks; a setting without one interrupts the line."""
    points = [None if rank is None else (x(n), y(rank)) for n, rank in enumerate(method.ranks)]
    return [
        [point for point in run if point]
        for known, run in groupby(points, key=lambda point: point is not None)
        if known
    ]

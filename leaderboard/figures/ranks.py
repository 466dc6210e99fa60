"""Ranks of methods over settings (P2's figure 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from leaderboard.figures.drawing.labels import spread
from leaderboard.figures.drawing.svg import (
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
from leaderboard.figures.styles import Style

LEFT, NAMES, TOP, BODY, LONGEST = 60, 300, 44, 520, 26
APART, SMALL = 27, 20
"""Least distance of two names, and the size of their letters."""


@dataclass(frozen=True)
class Ranked:
    """One method's rank by setting; None: not ranked there."""

    name: str
    style: Style
    ranks: tuple[int | None, ...]


def rank_plot(methods: Sequence[Ranked], settings: Sequence[str], description: str) -> str:
    """SVG: one column per setting, one line per method, rank 1 on top.

    Each line leads to its name at the right; one that ends earlier is named at its last rank.
    """
    labels = [clipped(name, LONGEST * LETTER) for name in settings]
    worst = max((rank for m in methods for rank in m.ranks if rank is not None), default=1)
    body_height = max(BODY, APART * (len(methods) - 1))
    end = WIDTH - NAMES
    x = Scale(0, max(1, len(settings) - 1), LEFT + 24, end)
    y = Scale(1, max(2, worst), TOP, TOP + body_height)
    places = range(1, worst + 1, max(1, -(-worst // 10)))
    grid = "".join(f"M{LEFT},{round(y(rank))}H{end}" for rank in places)
    bottom = TOP + body_height + 24
    body = [
        text(8, FONT, "Rank"),
        f'<path d="{grid}" stroke="currentColor" stroke-opacity=".18"/>',
        *(text(LEFT - 10, y(rank) + FONT / 3, str(rank), "end") for rank in places),
        *(
            text(x(n) + 7, bottom, label, "end", turned=True, extra=f' font-size="{SMALL}"')
            for n, label in enumerate(labels)
        ),
    ]
    runs = [_runs(method, x, y) for method in methods]
    lasts = [run[-1][-1] if run else (end, TOP) for run in runs]
    heights = spread([last[1] for last in lasts], APART, TOP, TOP + body_height)
    lines, points, names, leads = [], [], [], ""
    for method, own, last, height in zip(methods, runs, lasts, heights, strict=True):
        colour, mark = method.style.colour, (end + 30, height)
        path = "".join(map(line, own))
        lines.append(f'<path stroke="{colour}"{dashed(method.style)} d="{path}"/>')
        seen = [*(point for run in own for point in run), mark]
        points.append(f'<path fill="{colour}" d="{markers(seen, method.style)}"/>')
        leads += line([(last[0] + 10, last[1]), (end + 20, height)])
        room = (NAMES - 50) * FONT / SMALL
        names.append(text(end + 44, height + SMALL / 3, clipped(method.name, room)))
    body += [
        f'<path d="{leads}" stroke="currentColor" stroke-opacity=".3" fill="none"/>',
        group(lines, f'{LINES} stroke-opacity=".7"'),
        *points,
        group(names, f'font-size="{SMALL}"'),
    ]
    return document(body, bottom + LETTER * SMALL / FONT * max(map(len, labels)) + 8, description)


def _runs(method: Ranked, x: Scale, y: Scale) -> list[list[Point]]:
    """Positions of the ranks; a setting without one interrupts the line."""
    points = [None if rank is None else (x(n), y(rank)) for n, rank in enumerate(method.ranks)]
    return [
        [point for point in run if point]
        for known, run in groupby(points, key=lambda point: point is not None)
        if known
    ]

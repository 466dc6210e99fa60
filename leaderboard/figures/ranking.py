"""A ranking at a glance: a dot a method with its interval, bars over methods that don't differ.

The script draws it again when the filters change: ``page/scripts/ranking.js``, with the
measures of ``LAYOUT``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from leaderboard.figures.drawing.svg import (
    FONT,
    LETTER,
    WIDE,
    Scale,
    clipped,
    document,
    markers,
    text,
    tick_text,
    ticks,
)
from leaderboard.figures.styles import ACCENT, MOST, Style

WIDTH, NUMBER, NAME, PLOT, RIGHT = 800, 38, 48, 360, 20
TOP, FOOT, BAR = 36, 72, 24
FIRST = 15
"""Of more than ``MOST`` methods these are shown, and the baselines."""
MOST_ROWS, MOST_BARS = 28, 8
BEYOND = 1.0
"""How far the axis goes beyond the first and last dot, in distances between these two: longer
intervals are cut, as those of two seeds would push all dots together."""
PITCHES = ((12, 40, FONT), (MOST, 33, 22), (MOST_ROWS + 1, 28, 20))
"""Largest number of rows, height of a row, size of its letters."""
LAYOUT = {
    "width": WIDTH, "number": NUMBER, "name": NAME, "plot": PLOT, "right": RIGHT, "top": TOP,
    "foot": FOOT, "bar": BAR, "all": MOST, "first": FIRST, "mostRows": MOST_ROWS,
    "mostBars": MOST_BARS, "pitches": PITCHES, "letter": LETTER / FONT, "accent": ACCENT,
    "wide": WIDE,
    "beyond": BEYOND,
}  # fmt: skip
"""What the script needs to draw the same."""
LETTERS = re.compile(r"[A-Za-z]\d*")


@dataclass(frozen=True)
class Dot:
    """A ranked method."""

    name: str
    style: Style
    rank: int
    mean: float
    low: float
    high: float
    """Ends of its interval; the mean where it has none."""
    ties: str = ""
    """Letters of its groups, as in ``Row.ties``."""
    leading: bool = False
    """As in ``Row.leading``."""
    oracle: bool = False
    baseline: bool = False


def chosen(dots: Sequence[Dot]) -> list[Dot]:
    """Those that are shown, in order."""
    if len(dots) <= MOST:
        return list(dots)
    return [dot for place, dot in enumerate(dots) if place < FIRST or dot.baseline][:MOST_ROWS]


def groups(dots: Sequence[Dot]) -> list[tuple[str, list[int]]]:
    """Letters that two or more dots share, with the places of these dots; best first."""
    members: dict[str, list[int]] = {}
    for place, dot in enumerate(dots):
        for letter in LETTERS.findall(dot.ties):
            members.setdefault(letter, []).append(place)
    shared = [(letter, places) for letter, places in members.items() if len(places) > 1]
    return shared[:MOST_BARS]


def ranking_chart(dots: Sequence[Dot], title: str, description: str) -> str:
    """SVG of ``chosen`` dots, the best on top; a bar a group at the right.

    A bar is thick beside its members and thin beside a method between them that isn't one.
    """
    shown = chosen(dots)
    bars = groups(shown)
    jump = FIRST if len(dots) > MOST and len(shown) > FIRST else len(shown)
    rows = len(shown) + (jump < len(shown))
    pitch, font = next((high, size) for most, high, size in PITCHES if rows <= most)
    top = TOP if bars else 8
    bottom = top + pitch * rows
    ys = [_whole(top + pitch * (n + 0.5 + (n >= jump))) for n in range(len(shown))]
    ends = limits(shown)
    usable = next((n for n, dot in enumerate(shown) if not dot.oracle), 0)
    x = _scale(shown, WIDTH - RIGHT - BAR * len(bars))
    body = [
        *([_best(ys[usable], pitch)] if any(dot.leading for dot in shown) else []),
        *_frame(x, top, bottom, title),
        *(part for dot, y in zip(shown, ys, strict=True) for part in _row(dot, x, y, font, ends)),
        *(
            part
            for n, (letter, places) in enumerate(bars)
            for part in _bar(letter, places, ys, WIDTH - BAR * (len(bars) - n - 0.5), pitch)
        ),
    ]
    if jump < len(shown):
        y = _whole(top + pitch * (jump + 0.5))
        body.append(text(NAME, y + 6, "\N{MIDLINE HORIZONTAL ELLIPSIS}"))
    return document(body, bottom + FOOT, description, WIDTH)


def _whole(value: float) -> int:
    """Rounded as JavaScript does."""
    return floor(value + 0.5)


def limits(dots: Sequence[Dot]) -> tuple[float, float]:
    """What the axis shows: all intervals, as far as ``BEYOND`` allows."""
    means = [dot.mean for dot in dots]
    beyond = BEYOND * (max(means) - min(means)) or float("inf")
    low = max(min(dot.low for dot in dots), min(means) - beyond)
    return low, min(max(dot.high for dot in dots), max(means) + beyond)


def _scale(dots: Sequence[Dot], end: float) -> Scale:
    low, high = limits(dots)
    room = 0.06 * (high - low) or 1
    return Scale(low - room, high + room, PLOT, end)


def _best(y: int, pitch: int) -> str:
    place = f'x="0" y="{y - pitch // 2}" width="{WIDTH}" height="{pitch}"'
    return f'<rect {place} rx="8" fill="{ACCENT}" fill-opacity=".14"/>'


def _frame(x: Scale, top: int, bottom: int, title: str) -> list[str]:
    marks = [(_whole(x(value)), tick_text(value)) for value in ticks(x.low, x.high, 4)]
    grid = "".join(f"M{place},{top}V{bottom}" for place, _ in marks)
    return [
        f'<path d="{grid}" stroke="currentColor" stroke-opacity=".18"/>',
        *(text(place, bottom + 28, words, "middle") for place, words in marks),
        text(_whole((x.start + x.end) / 2), bottom + 62, title, "middle"),
    ]


def _row(dot: Dot, x: Scale, y: int, font: int, ends: tuple[float, float]) -> list[str]:
    """A method's rank, name, interval and marker; bold if it leads."""
    name = clipped(dot.name, PLOT - NAME - 8, font)
    size = f' font-size="{font}"'
    base = y + _whole(font / 3)
    least, most = ends
    cuts = (dot.low < least, dot.high > most)
    values = (max(dot.low, least), dot.mean, min(dot.high, most))
    low, mean, high = (_whole(x(value)) for value in values)
    colour = dot.style.colour
    inside = "var(--paper,#fff)" if dot.oracle else colour
    parts = [
        text(NUMBER, base, str(dot.rank), "end", extra=size),
        text(NAME, base, name, extra=size + (' font-weight="700"' if dot.leading else "")),
    ]
    if high > low:
        heads = f"M{low + 9},{y - 7}L{low},{y}L{low + 9},{y + 7}" if cuts[0] else ""
        heads += f"M{high - 9},{y - 7}L{high},{y}L{high - 9},{y + 7}" if cuts[1] else ""
        path = f'd="M{low},{y}H{high}{heads}" fill="none"'
        parts.append(f'<path {path} stroke="{colour}" stroke-width="4"/>')
    shape = markers([(mean, y)], dot.style)
    parts.append(f'<path d="{shape}" stroke="{colour}" stroke-width="3" style="fill:{inside}"/>')
    return parts


def _bar(letter: str, places: Sequence[int], ys: Sequence[int], x: float, pitch: int) -> list[str]:
    at, half = _whole(x), pitch // 2 - 3
    inside = "".join(
        f"M{at},{ys[first] - half}V{ys[last] + half}" for first, last in _runs(places, ys, pitch)
    )
    return [
        text(at, ys[0] - pitch // 2 - 8, letter, "middle"),
        (
            f'<path d="M{at},{ys[places[0]]}V{ys[places[-1]]}" stroke="currentColor" '
            'stroke-width="2" stroke-opacity=".6"/>'
        ),
        f'<path d="{inside}" stroke="currentColor" stroke-width="8"/>',
    ]


def _runs(places: Sequence[int], ys: Sequence[int], pitch: int) -> list[tuple[int, int]]:
    """First and last of the places that follow each other without a gap."""
    found = [(places[0], places[0])]
    for place in places[1:]:
        first, last = found[-1]
        if place == last + 1 and ys[place] - ys[last] <= pitch + 1:
            found[-1] = (first, place)
        else:
            found.append((place, place))
    return found

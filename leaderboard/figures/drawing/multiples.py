"""Small multiples: a panel per setting or metric, a line per method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from leaderboard.figures.drawing.legend import Legend
from leaderboard.figures.drawing.svg import (
    FONT,
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
    tick_text,
    ticks,
)
from leaderboard.figures.styles import Style

MOST_COLUMNS = 3
LEFT, RIGHT, TOP, BODY = 62, 22, 40, 230
"""Of a panel; its body is the plot's height."""
SMALL = 19
"""Font size of ticks."""
SMALL_TEXT = f' font-size="{SMALL}"'
STEP = 22
"""Between two lines of a label."""
TICKS = 4


@dataclass(frozen=True)
class Line:
    """One line of a panel; None: no value at that place."""

    name: str
    style: Style
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Panel:
    """One plot."""

    title: str
    lines: tuple[Line, ...]


def small_multiples(
    panels: Sequence[Panel],
    places: Sequence[str],
    axes: tuple[str, str],
    description: str,
    *,
    ranks: bool = False,
) -> str:
    """SVG: panels in rows of at most three, each with its own y axis, and one legend.

    A label of a place may have several lines. ``axes`` are the titles of x and y; with ``ranks``
    the smallest value is on top.
    """
    columns = min(MOST_COLUMNS, max(2, len(panels)))
    width = WIDTH / columns
    height = TOP + BODY + 12 + STEP * max(1 + name.count("\n") for name in places) + 26
    every = {each.name: each.style for panel in panels for each in panel.lines}
    head = FONT + 22
    bottom = head + height * -(-len(panels) // columns)
    body = [text(8, FONT, f"{axes[1]} by {axes[0].lower()}" if axes[0] else axes[1])]
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        corner = (column * width, head + row * height)
        body += _panel(panel, places, corner, width, ranks=ranks)
    legend = Legend(list(every), bottom + 8)
    for index, style in enumerate(every.values()):
        swatch = legend.swatch(index)
        body.append(
            f'<path stroke="{style.colour}"{dashed(style)} {LINES} d="{swatch}"/>'
            f'<path fill="{style.colour}" d="{markers([legend.place(index)], style)}"/>'
        )
    return document([*body, *legend.words()], legend.bottom, description)


def _panel(
    panel: Panel, places: Sequence[str], corner: Point, width: float, *, ranks: bool
) -> Iterator[str]:
    left, top = corner
    values = [value for each in panel.lines for value in each.values if value is not None]
    if not values:
        return
    room = 0.06 * (max(values) - min(values)) or 1
    edges = (min(values) - room, max(values) + room)
    ends = (top + TOP, top + TOP + BODY)
    y = Scale(*edges, *(ends if ranks else ends[::-1]))
    x = Scale(0, max(1, len(places) - 1), left + LEFT + 18, left + width - RIGHT - 18)
    marks = ticks(*edges, TICKS)
    grid = "".join(
        f"M{round(left + LEFT)},{round(y(value))}H{round(left + width - RIGHT)}" for value in marks
    )
    yield text(left + LEFT, top + TOP - 14, clipped(panel.title, width - LEFT))
    yield f'<path d="{grid}" stroke="currentColor" stroke-opacity=".18"/>'
    for value in marks:
        place = (left + LEFT - 8, y(value) + SMALL / 3)
        yield text(*place, tick_text(value), "end", extra=SMALL_TEXT)
    for number, name in enumerate(places):
        for row, words in enumerate(name.split("\n")):
            place = (x(number), ends[1] + 12 + SMALL + STEP * row)
            yield text(*place, words, "middle", extra=SMALL_TEXT)
    strokes, points = [], []
    for each in panel.lines:
        runs = list(_runs(each, x, y))
        if not runs:
            continue
        path = "".join(map(line, runs))
        strokes.append(f'<path stroke="{each.style.colour}"{dashed(each.style)} d="{path}"/>')
        seen = [point for run in runs for point in run]
        points.append(f'<path fill="{each.style.colour}" d="{markers(seen, each.style)}"/>')
    yield group(strokes, LINES)
    yield from points


def _runs(each: Line, x: Scale, y: Scale) -> Iterator[list[Point]]:
    """Positions of the values; a place without one interrupts the line."""
    points = [
        None if value is None else (x(number), y(value)) for number, value in enumerate(each.values)
    ]
    for known, run in groupby(points, key=lambda point: point is not None):
        if known:
            yield [point for point in run if point is not None]

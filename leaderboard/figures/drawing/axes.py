"""A plot's frame: scales, grid, ticks and titles."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.figures.drawing.svg import FONT, WIDTH, Scale, text, tick_text, ticks

LEFT, RIGHT, TOP, BOTTOM = 92, 20, 44, 76
HEIGHT = 560


@dataclass(frozen=True)
class Axes:
    """Scales of a plot and its frame as SVG."""

    x: Scale
    y: Scale
    frame: tuple[str, ...]


def axes(
    xs: Sequence[float],
    ys: Sequence[float],
    titles: tuple[str, str],
    places: Sequence[float] | None = None,
    edge: float = WIDTH - RIGHT,
    height: float = HEIGHT,
) -> Axes:
    """Axes that hold all values, with a margin.

    ``titles`` are those of x and y; ``places`` are the ticks of x, by default round numbers. The
    plot ends at ``edge``.
    """
    x = Scale(*_range(xs, 0.03), LEFT, edge)
    y = Scale(*_range(ys, 0.04), height - BOTTOM, TOP)
    y_ticks = ticks(y.low, y.high)
    x_ticks = _apart(places, x) if places else ticks(x.low, x.high)
    grid = "".join(f"M{LEFT},{round(y(v))}H{round(edge)}" for v in y_ticks)
    marks = "".join(f"M{round(x(v))},{height - BOTTOM}v8" for v in x_ticks)
    frame = (
        f'<path d="{grid}" stroke="currentColor" stroke-opacity=".18"/>',
        (
            f'<path d="M{LEFT},{height - BOTTOM}H{round(edge)}{marks}" stroke="currentColor" '
            'stroke-opacity=".6" fill="none"/>'
        ),
        *(text(LEFT - 12, y(v) + FONT / 3, tick_text(v), "end") for v in y_ticks),
        *(text(x(v), height - BOTTOM + 34, tick_text(v), "middle") for v in x_ticks),
        text((LEFT + edge) / 2, height - 8, titles[0], "middle"),
        text(8, FONT, titles[1]),
    )
    return Axes(x, y, frame)


def _range(values: Sequence[float], margin: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = margin * (high - low) or 1
    return low - room, high + room


def _apart(places: Sequence[float], scale: Scale, least: float = 70) -> list[float]:
    """The places whose labels don't overlap, from the left."""
    kept: list[float] = []
    for place in places:
        if not kept or scale(place) - scale(kept[-1]) >= least:
            kept.append(place)
    return kept

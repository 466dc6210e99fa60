"""Learning curves of a setting against patches or labelled foreground."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leaderboard.figures.axes import HEIGHT, LEFT, RIGHT, Axes, axes
from leaderboard.figures.legend import Legend
from leaderboard.figures.styles import Style
from leaderboard.figures.svg import (
    LINES,
    WIDTH,
    Scale,
    dashed,
    document,
    group,
    line,
    markers,
    text,
)
from leaderboard.model import CurvePoint

Against = Literal["patches", "foreground"]
TITLES: dict[Against, str] = {
    "patches": "Labelled patches",
    "foreground": "Pool foreground labelled (%)",
}


@dataclass(frozen=True)
class Curve:
    """One method's curve."""

    name: str
    style: Style
    points: tuple[CurvePoint, ...]


def learning_curves(
    curves: Sequence[Curve], against: Against, full: float | None, description: str
) -> str:
    """SVG of mean curves with their 95 % bands and the full-data line; all in percent.

    Curves and line span the axes; bands are clipped.
    """
    every = [point for curve in curves for point in curve.points]
    xs = [_x(point, against) for point in every]
    ys = [point.dice for point in every] + ([] if full is None else [full])
    places = sorted({point.patches for point in every}) if against == "patches" else None
    plot = axes(xs, ys, (TITLES[against], "Mean Dice (%)"), places)
    body = [*plot.frame]
    if full is not None:
        body += full_line(plot.y, full)
    legend = Legend([curve.name for curve in curves], HEIGHT + 12)
    bands: list[str] = []
    strokes: list[str] = []
    seen: list[str] = []
    for index, curve in enumerate(curves):
        colour, style = curve.style.colour, curve.style
        ways = [(plot.x(_x(p, against)), plot.y(p.dice)) for p in curve.points]
        if band := _band(curve, against, plot):
            bands.append(f'<path fill="{colour}" d="{band}"/>')
        path = line(ways) + legend.swatch(index)
        strokes.append(f'<path stroke="{colour}"{dashed(style)} d="{path}"/>')
        path = markers([*ways, legend.place(index)], style)
        seen.append(f'<path fill="{colour}" d="{path}"/>')
    body += [group(bands, 'fill-opacity=".1"'), group(strokes, LINES), *seen, *legend.words()]
    return document(body, legend.bottom, description)


def full_line(y: Scale, full: float) -> list[str]:
    """The line of full-data training, with its label."""
    place = y(full)
    return [
        (
            f'<path d="M{LEFT},{round(place)}H{WIDTH - RIGHT}" stroke="currentColor" '
            'stroke-width="2" stroke-dasharray="2,6" fill="none"/>'
        ),
        text(WIDTH - RIGHT, place - 8, f"full data {full:.1f}", "end"),
    ]


def _band(curve: Curve, against: Against, plot: Axes) -> str:
    """Path data of the interval; empty without one."""
    edges = [(plot.x(_x(p, against)), p.low, p.high) for p in curve.points]
    low = [(x, _inside(plot.y, value)) for x, value, _ in edges if value is not None]
    high = [(x, _inside(plot.y, value)) for x, _, value in edges if value is not None]
    return line([*low, *high[::-1]], closed=True) if low and high else ""


def _inside(scale: Scale, value: float) -> float:
    return scale(min(max(value, scale.low), scale.high))


def _x(point: CurvePoint, against: Against) -> float:
    return float(point.patches) if against == "patches" else point.foreground

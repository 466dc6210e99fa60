"""Learning curves of a setting against patches or labelled foreground."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leaderboard.figures.drawing.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, Axes, axes
from leaderboard.figures.drawing.labels import spread
from leaderboard.figures.drawing.legend import Legend
from leaderboard.figures.drawing.svg import (
    FONT,
    LINES,
    WIDTH,
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
from leaderboard.formatting import fixed
from leaderboard.model import CurvePoint

NARROW, LOW, NAMES, SMALL, APART = 800, 480, 284, 20, 25
"""Width and least height of named curves, the room for their names, size and distance of these."""
FEW = 12
"""The bands of more curves hide each other."""
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

    Curves and line span the axes; bands are clipped, and of more than ``FEW`` curves left out.
    Names are in a legend below.
    """
    plot = _axes(curves, against, full, WIDTH - RIGHT, HEIGHT)
    legend = Legend([curve.name for curve in curves], HEIGHT + 12)
    body = [*plot.frame, *([] if full is None else full_line(plot.y, full))]
    body += _drawn(curves, against, plot, legend)
    return document([*body, *legend.words()], legend.bottom, description)


def named_curves(curves: Sequence[Curve], full: float | None, description: str) -> str:
    """SVG of mean curves against labelled patches, to stand beside the ranking chart.

    Each curve leads to its name at the right; there are no bands.
    """
    height = max(LOW, APART * (len(curves) + 4))
    edge = NARROW - NAMES
    plot = _axes(curves, "patches", full, edge, height)
    body = [*plot.frame, *([] if full is None else full_line(plot.y, full, edge))]
    body += _drawn(curves, "patches", plot)[1:]
    ends = [plot.y(curve.points[-1].dice) for curve in curves]
    places = spread(ends, APART, TOP + 4, height - BOTTOM)
    leads = "".join(
        line([(plot.x(curve.points[-1].patches) + 10, end), (edge + 16, place)])
        for curve, end, place in zip(curves, ends, places, strict=True)
    )
    body.append(f'<path d="{leads}" stroke="currentColor" stroke-opacity=".3" fill="none"/>')
    for curve, place in zip(curves, places, strict=True):
        mark = markers([(edge + 26, place)], curve.style)
        body.append(f'<path fill="{curve.style.colour}" d="{mark}"/>')
        words = clipped(curve.name, (NAMES - 44) * FONT / SMALL)
        body.append(text(edge + 40, place + SMALL / 3, words, extra=f' font-size="{SMALL}"'))
    return document(body, height, description, NARROW)


def _axes(
    curves: Sequence[Curve], against: Against, full: float | None, edge: float, height: float
) -> Axes:
    every = [point for curve in curves for point in curve.points]
    xs = [_x(point, against) for point in every]
    ys = [point.dice for point in every] + ([] if full is None else [full])
    places = sorted({point.patches for point in every}) if against == "patches" else None
    return axes(xs, ys, (TITLES[against], "Mean Dice (%)"), places, edge, height)


def _drawn(
    curves: Sequence[Curve], against: Against, plot: Axes, legend: Legend | None = None
) -> list[str]:
    """Bands, lines and markers, with the legend's swatches."""
    bands: list[str] = []
    strokes: list[str] = []
    seen: list[str] = []
    for index, curve in enumerate(curves):
        colour, style = curve.style.colour, curve.style
        ways = [(plot.x(_x(p, against)), plot.y(p.dice)) for p in curve.points]
        if len(curves) <= FEW and (band := _band(curve, against, plot)):
            bands.append(f'<path fill="{colour}" d="{band}"/>')
        path = line(ways) + (legend.swatch(index) if legend else "")
        strokes.append(f'<path stroke="{colour}"{dashed(style)} d="{path}"/>')
        path = markers([*ways, *([legend.place(index)] if legend else [])], style)
        seen.append(f'<path fill="{colour}" d="{path}"/>')
    return [group(bands, 'fill-opacity=".1"'), group(strokes, LINES), *seen]


def full_line(y: Scale, full: float, edge: float = WIDTH - RIGHT) -> list[str]:
    """The line of full-data training, with its label."""
    place = y(full)
    return [
        (
            f'<path d="M{LEFT},{round(place)}H{round(edge)}" stroke="currentColor" '
            'stroke-width="2" stroke-dasharray="2,6" fill="none"/>'
        ),
        text(edge, place - 8, f"full data {fixed(full, 1)}", "end"),
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

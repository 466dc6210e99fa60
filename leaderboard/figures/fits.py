"""The FG-Eff fits of a setting with the points they were fitted to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.figures.curves import full_line
from leaderboard.figures.drawing.axes import HEIGHT, Axes, axes
from leaderboard.figures.drawing.legend import Legend
from leaderboard.figures.drawing.svg import LINES, Point, dashed, document, dots, group, line
from leaderboard.figures.styles import Style
from leaderboard.model import EfficiencyFit

STEPS = 9
DOTS = 'fill="none" stroke-width="8" stroke-linecap="round" stroke-opacity=".5"'


@dataclass(frozen=True)
class Fit:
    """One method's fit."""

    name: str
    style: Style
    fit: EfficiencyFit


def efficiency_fits(fits: Sequence[Fit], description: str) -> str:
    """SVG: one dot per seed and loop, one line per fit, and the full-data line; in percent."""
    points = [point for item in fits for point in item.fit.points]
    full = 100 * fits[0].fit.y_full
    plot = axes(
        [100 * share for share, _ in points],
        [*(100 * dice for _, dice in points), full],
        ("Pool foreground labelled (%)", "Mean Dice (%)"),
    )
    body = [*plot.frame, *full_line(plot.y, full)]
    legend = Legend([item.name for item in fits], HEIGHT + 12)
    lines, seen = [], []
    for index, item in enumerate(fits):
        colour = item.style.colour
        path = line(_line(item.fit, plot)) + legend.swatch(index)
        lines.append(f'<path stroke="{colour}"{dashed(item.style)} d="{path}"/>')
        places = [(plot.x(100 * share), plot.y(100 * dice)) for share, dice in item.fit.points]
        seen.append(f'<path stroke="{colour}" d="{dots(places)}"/>')
    body += [group(seen, DOTS), group(lines, LINES), *legend.words()]
    return document(body, legend.bottom, description)


def fitted(fit: EfficiencyFit, share: float) -> float:
    """Dice predicted by the fit at a labelled fraction, both in [0, 1] (protocol section 6)."""
    return fit.y_full + (fit.y0 - fit.y_full) * math.exp(-fit.gamma * (share - fit.t0))


def _line(fit: EfficiencyFit, plot: Axes) -> list[Point]:
    shares = [share for share, _ in fit.points]
    low, high = min(shares), max(shares)
    steps = [low + (high - low) * step / STEPS for step in range(STEPS + 1)]
    return [(plot.x(100 * share), plot.y(100 * fitted(fit, share))) for share in steps]

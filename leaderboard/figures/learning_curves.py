"""Mean Dice against labelled patches, a line a method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderboard.figures.styles import LineStyle
from leaderboard.figures.svg import inline_svg
from leaderboard.metrics import MeanCurve

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

WIDTH, PLOT, TOP, BOTTOM, LEFT, RIGHT, LEGEND_LINE = 330, 205, 10, 48, 48, 10, 16
"""Points; the whole is scaled to the page, so that the text stays readable on a phone."""
TWO_COLUMNS = 20
"""Longest label of a legend in two columns."""
LABEL_LENGTH = 40
FEW_TICKS = 8


@dataclass(frozen=True)
class Line:
    """One method's curve with its label and look."""

    label: str
    curve: MeanCurve
    style: LineStyle


def learning_curves(lines: Sequence[Line], prefix: str, description: str) -> str:
    """SVG of mean learning curves with bands of one sample standard deviation over seeds.

    The same lines give the same bytes. Ids start with ``prefix``; ``description`` is what a screen
    reader says.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    labels = [_short(line.label) for line in lines]
    columns = 2 if max(map(len, labels), default=0) <= TWO_COLUMNS else 1
    legend = LEGEND_LINE * -(-len(lines) // columns)
    height = TOP + PLOT + BOTTOM + legend
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's own file says
        for name, value in _look().items():
            mpl.rcParams[name] = value  # type: ignore[index]
        figure = Figure(figsize=(WIDTH / 72, height / 72), facecolor="white")
        FigureCanvasSVG(figure)
        box = (
            LEFT / WIDTH,
            (BOTTOM + legend) / height,
            (WIDTH - LEFT - RIGHT) / WIDTH,
            PLOT / height,
        )
        axes = figure.add_axes(box)
        handles = [_draw(axes, line) for line in lines]
        _dress(axes, sorted({budget for line in lines for budget in line.curve.budgets}))
        # Labels are set afterwards: given to the legend, those that start with "_" would vanish.
        drawn = figure.legend(
            handles,
            [f"line {number}" for number in range(len(handles))],
            loc="upper left",
            bbox_to_anchor=(LEFT / WIDTH, legend / height),
            ncols=columns,
        )
        for text, label in zip(drawn.get_texts(), labels, strict=True):
            text.set_text(label)
        return inline_svg(figure, prefix, description)


def _draw(axes: "Axes", line: Line) -> "Artist":
    style, curve = line.style, line.curve
    percent = [100 * value for value in curve.dice]
    if curve.std:
        low = [100 * (value - std) for value, std in zip(curve.dice, curve.std, strict=True)]
        high = [100 * (value + std) for value, std in zip(curve.dice, curve.std, strict=True)]
        axes.fill_between(curve.budgets, low, high, color=style.colour, alpha=0.12, linewidth=0)
    (handle,) = axes.plot(
        curve.budgets,
        percent,
        color=style.colour,
        linestyle=style.dashes,
        marker=style.marker,
        markersize=5.5,
        markeredgecolor="white",
        markeredgewidth=0.6,
        linewidth=1.7,
        clip_on=False,
    )
    return handle


def _dress(axes: "Axes", budgets: Sequence[int]) -> None:
    axes.set_xlabel("Labelled patches")
    axes.set_ylabel("Mean Dice (%)")
    if len(budgets) <= FEW_TICKS:
        axes.set_xticks(list(budgets), [str(budget) for budget in budgets])
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    axes.margins(x=0.03, y=0.08)


def _short(label: str) -> str:
    return (
        label
        if len(label) <= LABEL_LENGTH
        else label[: LABEL_LENGTH - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def _look() -> dict[str, Any]:
    ink, soft = "#24292f", "#e3e6ea"
    return {
        "svg.fonttype": "none",
        "text.parse_math": False,
        "svg.hashsalt": "nnactive",
        "font.family": "DejaVu Sans",
        "font.size": 10.5,
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.edgecolor": "#6e7781",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "xtick.color": ink,
        "ytick.color": ink,
        "grid.color": soft,
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "legend.handlelength": 3.2,
        "legend.borderpad": 0,
        "legend.borderaxespad": 0,
    }

"""The charts of score against cost, and why a ranking has none."""

from collections.abc import Iterator, Mapping

from leaderboard.figures.cost import Spot, cost_chart, logarithmic, pareto
from leaderboard.figures.styles import MOST
from leaderboard.formatting import count, counted, number
from leaderboard.model import Column, League, Row
from leaderboard.page.pictures.labels import Label

COSTS = {
    "query_seconds": "Querying time",
    "training_hours": "Training time",
    "foreground": "Labelled foreground voxels",
    "effort": "Annotation effort (labelled boundary voxels)",
    "components": "Labelled components",
    "slices": "Labelled slices",
    "images": "Images opened",
    "minutes": "Estimated labelling time",
}
"""Titles of axes by column; those of times get their unit."""
TIMES = {"query_seconds": 1, "training_hours": 3600, "minutes": 60}
"""Seconds of a column's unit."""
TIME_UNITS = ((3600, "h"), (60, "min"), (1, "s"))
"""Of axes: the first of which the longest time has at least ``FEWEST_UNITS``."""
FEWEST_UNITS = 2
UNPUBLISHED = (
    "The papers report neither times nor labelled voxels by method, so there is nothing to plot "
    "against their scores."
)


def costs_missing(league: League) -> str:
    """Why a league has no chart of costs; empty if it has one."""
    if any(len(_rows(league, cost)) > 1 for cost in COSTS):
        return ""
    if league.group == "published":
        return UNPUBLISHED
    return "A comparison of costs needs two ranked methods whose costs were recorded."


def cost_svgs(league: League, labels: Mapping[str, Label]) -> Iterator[tuple[str, str, str]]:
    """Name of the cost's column, caption and SVG, for each cost of two or more methods."""
    for cost in COSTS:
        rows = _rows(league, cost)
        if len(rows) < 2:  # noqa: PLR2004
            continue
        view, columns = league.views[0], {column.name: column for column in league.columns}
        score = columns[view.ranked_by]
        entrants = {entrant.key: entrant for entrant in league.entrants}
        costs = [_figure(row, columns[cost]) for row in rows]
        title, factor = axis(cost, max(costs))
        spots = [
            Spot(
                name=labels[row.entrant].name,
                style=labels[row.entrant].style,
                cost=factor * costs[place],
                score=_figure(row, score),
                oracle=bool(entrants[row.entrant].oracle),
                named=place < MOST,
            )
            for place, row in enumerate(rows)
        ]
        titles = (title, score.title + (f" ({score.unit})" if score.unit else ""))
        left = sum(row.rank is not None for row in view.rows) - len(rows)
        caption = _caption(spots, titles, left)
        svg, unnamed = cost_chart(spots, titles, f"{league.title}. {caption}")
        if unnamed:
            names = "the name" if len(unnamed) == 1 else f"the {counted(len(unnamed), 'name')}"
            caption += f" No room for {names} {', '.join(unnamed)}."
        yield cost, caption, svg


def axis(cost: str, largest: float) -> tuple[str, float]:
    """Title of a cost's axis, and what its figures are multiplied with.

    Args:
        cost: name of its column.
        largest: of its figures, in the column's unit.

    >>> axis("training_hours", 0.043), axis("training_hours", 7.2), axis("images", 3)
    (('Training time (min)', 60.0), ('Training time (h)', 1.0), ('Images opened', 1.0))
    """
    if cost not in TIMES:
        return COSTS[cost], 1.0
    own = TIMES[cost]
    long = ((size, unit) for size, unit in TIME_UNITS if largest * own >= FEWEST_UNITS * size)
    size, unit = next(long, TIME_UNITS[-1])
    return f"{COSTS[cost]} ({unit})", own / size


def _rows(league: League, cost: str) -> list[Row]:
    """Ranked rows of the whole league with a figure in the column."""
    if not league.views or not any(column.name == cost for column in league.columns):
        return []
    return [
        row
        for row in league.views[0].rows
        if row.rank is not None and cost in row.values and row.values[cost].mean is not None
    ]


def _figure(row: Row, column: Column) -> float:
    return number(row.values[column.name].mean or 0.0, column.unit)


def _caption(spots: list[Spot], titles: tuple[str, str], left: int) -> str:
    scale = ", on a logarithmic axis" if logarithmic([spot.cost for spot in spots]) else ""
    cost = titles[0][0].lower() + titles[0][1:]
    parts = [
        f"{titles[1]} against {cost}{scale}.",
        "Dashed line: the best score at or below each cost; bold: the methods on it.",
    ]
    if any(spot.oracle for spot in spots):
        parts.append("Hollow markers: methods that use ground truth.")
    if len(spots) > MOST:
        front = pareto(spots)
        grey = sum(not (spot.named or n in front) for n, spot in enumerate(spots))
        others = "method is a grey dot" if grey == 1 else f"{count(grey)} methods are grey dots"
        if grey:
            parts.append(f"Labelled: the first {MOST} and those on the line; the other {others}.")
    if left:
        parts.append(f"Not shown: {counted(left, 'method')} without this figure.")
    return " ".join(parts)

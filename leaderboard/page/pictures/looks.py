"""What the page's script needs to draw figures like the static ones."""

from collections.abc import Mapping
from typing import Any

from leaderboard.figures.charts import charts
from leaderboard.figures.cost import WIDE_SPREAD
from leaderboard.figures.curves import FEW
from leaderboard.figures.drawing.svg import SHAPES
from leaderboard.figures.ranking import LAYOUT
from leaderboard.model import Board, League
from leaderboard.page.pictures.costs import COSTS, FEWEST_UNITS, TIME_UNITS, TIMES
from leaderboard.page.pictures.labels import Label


def looks(board: Board, labels: Mapping[str, Label]) -> dict[str, Any]:
    """Charts, measures and markers, and the methods' styles by league in the order of methods."""
    axes = {
        "costs": COSTS,
        "times": TIMES,
        "timeUnits": TIME_UNITS,
        "fewestUnits": FEWEST_UNITS,
    }
    return {
        "charts": charts(),
        "layout": LAYOUT | axes | {"wideSpread": WIDE_SPREAD, "fewCurves": FEW},
        "shapes": SHAPES,
        "looks": {league.key: _styles(league, labels) for league in board.leagues},
    }


def _styles(league: League, labels: Mapping[str, Label]) -> list[list[Any]]:
    every = (labels[entrant.key] for entrant in league.entrants)
    return [
        [label.name, label.style.colour, list(label.style.dashes), label.style.marker]
        for label in every
    ]

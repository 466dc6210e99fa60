from collections.abc import Callable
from typing import Any

import pytest

from benchmark.results import ExperimentResult
from leaderboard.assemble import make_board
from leaderboard.entries import Entries
from leaderboard.model import Board, League, Row


@pytest.fixture
def board_of() -> Callable[..., Board]:
    """The board of some results."""
    return lambda *results, **over: make_board(Entries(results, ()), **over)


@pytest.fixture
def league_of(board_of: Callable[..., Board]) -> Callable[..., League]:
    """The only league of some results."""

    def league(*results: ExperimentResult) -> League:
        (found,) = board_of(*results).leagues
        return found

    return league


@pytest.fixture
def rows_of(league_of: Callable[..., League]) -> Callable[..., dict[str, Row]]:
    """Rows of the first view by method id, in its order."""

    def rows(*results: ExperimentResult) -> dict[str, Row]:
        league = league_of(*results)
        ids = {entrant.key: entrant.id for entrant in league.entrants}
        return {ids[row.entrant]: row for row in league.views[0].rows}

    return rows


@pytest.fixture
def change() -> Callable[..., ExperimentResult]:
    """A result with other fields of a part: ``change(result, "setting", name="b")``."""

    def changed(result: ExperimentResult, part: str, **fields: Any) -> ExperimentResult:
        return result.model_copy(update={part: getattr(result, part).model_copy(update=fields)})

    return changed


@pytest.fixture
def full(
    make: Callable[..., ExperimentResult], change: Callable[..., ExperimentResult]
) -> Callable[..., ExperimentResult]:
    """As ``make``, of data whose full-data Mean Dice is .9 and whose boundary is counted."""

    def result(*arguments: Any, **over: Any) -> ExperimentResult:
        made = change(
            make(*arguments, **over), "dataset", full_data_dice=0.9, pool_boundary=(30_000, 2_000)
        )
        loops = tuple(
            loop.model_copy(
                update={"labelled_boundary": tuple(n // 3 for n in loop.labelled_foreground)}
            )
            for loop in made.loops
        )
        return made.model_copy(update={"loops": loops})

    return result

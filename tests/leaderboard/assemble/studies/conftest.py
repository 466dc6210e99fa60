"""Boards of stand-ins with planted effects."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from benchmark.results import ExperimentResult
from leaderboard.model import Board, StudyPart

SEEDS = (1, 2, 3, 4)
JITTER = (-0.004, 0.003, -0.001, 0.002)
"""By seed."""


@pytest.fixture
def runs(make, change) -> Callable[..., list[ExperimentResult]]:
    """A stand-in's results in a setting, one a seed: from 0.4 in equal steps to ``last``.

    ``gain`` is added to all loops but the first.
    """

    def made(
        method: str,
        last: float,
        *,
        gain: float = 0.0,
        track: str = "full",
        setting: Mapping[str, Any] | None = None,
        epochs: int = 200,
        **over: Any,
    ) -> list[ExperimentResult]:
        results = []
        for seed, jitter in zip(SEEDS, JITTER, strict=True):
            dice = [0.4, *((0.4 + (last - 0.4) * step / 4 + gain + jitter) for step in range(1, 5))]
            result = make(method, seed, dice, loops=5, track=track, comparable=True, **over)
            training = result.setting.training.model_copy(update={"epochs": epochs})
            results.append(
                change(result, "setting", training=training, **{"dataset": "own"} | (setting or {}))
            )
        return results

    return made


@pytest.fixture
def part() -> Callable[[Board, str], StudyPart]:
    """The only part of a study."""

    def found(board: Board, key: str) -> StudyPart:
        (only,) = [
            part
            for study in board.studies
            if study.key == key
            for part in study.parts
            if part.group == "measured"
        ]
        return only

    return found

"""Predictions of earlier loops' ensembles for one image, with one ensemble in memory at a time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.errors import UserError
from nnactive.pool.sources import Predict
from nnactive.query.prediction import Prediction, fold

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TrainedLoop:
    """An ensemble on disk."""

    train: Path
    """Its training folder."""
    members: tuple[Path, ...]


def past_loops(trains: Sequence[Path], members: Sequence[Path]) -> tuple[TrainedLoop, ...]:
    """Ensembles from their training folders and, loop by loop, equally many members of each."""
    folds = len(members) // len(trains) if trains else 0
    return tuple(
        TrainedLoop(train, tuple(members[loop * folds : (loop + 1) * folds]))
        for loop, train in enumerate(trains)
    )


def check_complete(past: tuple[TrainedLoop, ...], loop: int) -> None:
    """Refuse a query that looks back without the ensembles of all loops before the previous one.

    Args:
        past: those that are there, from loop 0 on.
        loop: the loop of the query.
    """
    if len(past) != loop - 1:
        raise UserError(
            f"the method looks back: loop {loop} needs {loop - 1} earlier ensemble(s), "
            f"{len(past)} are given; run the track again"
        )


class PastEnsembles:
    """Predicts with any of the ensembles before the current one."""

    def __init__(
        self, past: tuple[TrainedLoop, ...], load: Callable[[TrainedLoop], Predict]
    ) -> None:
        """Load nothing yet.

        Args:
            past: the ensembles by loop.
            load: loads one of them and returns what predicts with it.
        """
        self._past, self._load = past, load
        self._turn = threading.RLock()
        self._loaded: tuple[int, Predict] | None = None

    def predict(self, loop: int, case: str, needs: frozenset[str]) -> Prediction:
        """The prediction for an image by the ensemble of ``loop``; one at a time, in any thread."""
        with self._turn:
            return fold(case, partial(self._members, loop, case), needs, fresh=True)

    def _members(self, loop: int, case: str) -> "Iterator[Tensor]":
        # Not the ensemble itself: a prediction that a method holds must not keep it in memory.
        yield from self._ensemble(loop)(case, frozenset()).members()

    def _ensemble(self, loop: int) -> Predict:
        with self._turn:
            if self._loaded is None or self._loaded[0] != loop:
                self._loaded = None  # freed before the next one is loaded
                self._loaded = loop, self._load(self._past[loop])
            return self._loaded[1]

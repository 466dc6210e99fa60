"""The loops before a query: what each labelled, and what its ensemble predicts."""

from collections.abc import Callable

from nnactive.geometry import Patch
from nnactive.query.prediction import Prediction

PredictPast = Callable[[int, str, frozenset[str]], Prediction]
"""From loop, case and needs to a prediction."""


class PastLoop:
    """One earlier loop of the experiment."""

    def __init__(
        self, loop: int, patches: tuple[Patch, ...], predict: Callable[[str], Prediction]
    ) -> None:
        self._loop, self._patches, self._predict = loop, patches, predict

    @property
    def loop(self) -> int:
        """Its number; 0 is the start."""
        return self._loop

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Patches that this loop labelled, in the order of their choice."""
        return self._patches

    def predict(self, case: str) -> Prediction:
        """Prediction for a case's image by the ensemble trained after this loop.

        That of the last entry is the current ensemble's, as `PoolView.predict` gives it. One
        earlier ensemble is in memory at a time: go through all cases before the next loop.

        Raises:
            MethodError: if the method doesn't declare the need ``history``.
        """
        return self._predict(case)

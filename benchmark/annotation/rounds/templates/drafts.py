"""What an ensemble says about a patch: a draft of its labels, and why it was chosen."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from benchmark.annotation.rounds.layout import Planned
from benchmark.annotation.rounds.model import Why


class Predicted(Protocol):
    """Predictions of one ensemble, in the grids of the prepared images."""

    def labels(self, case: str) -> np.ndarray:
        """Classes of a case, uint8 ``(Z, Y, X)``."""
        ...

    def confidence(self, case: str, box: Sequence[slice] | None = None) -> np.ndarray:
        """Probability of those, float32 ``(Z, Y, X)``, in a part of the image."""
        ...


class Guess:
    """An ensemble's prediction of one case; arrays ``(Z, Y, X)`` in the prepared grid."""

    def __init__(self, predicted: Predicted | None, case: str) -> None:
        self.labels = None if predicted is None else predicted.labels(case)
        self._predicted = predicted

    def why(self, planned: Planned, by: str, classes: tuple[str, ...]) -> Why:
        """Why a patch of the case was chosen.

        Args:
            planned: the patch.
            by: method id, ``prior`` or ``place``.
            classes: names in label order, background first.
        """
        if self.labels is None or self._predicted is None:
            return Why(by=by, rank=planned.rank)
        inside = planned.patch.slices
        counts = np.bincount(self.labels[inside].ravel(), minlength=len(classes))
        shares = np.round(counts / counts.sum(), 4).tolist()
        certain = self._predicted.confidence(planned.patch.case, inside)
        return Why(
            by=by,
            rank=planned.rank,
            uncertainty=round(1 - float(certain.mean(dtype=np.float64)), 6),
            predicted=dict(zip(classes, shares, strict=True)),
        )

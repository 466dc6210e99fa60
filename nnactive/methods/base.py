"""The contract of a query method, and everything that the author of one needs."""

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.pool import Oracle, PoolView
from nnactive.prediction import Prediction
from nnactive.scores import entropy, expected_entropy, mutual_information
from nnactive.selection import (
    Candidate,
    best_patches,
    best_places,
    checked_score,
    patch_means,
    top,
)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Candidate",
    "MethodError",
    "Oracle",
    "Patch",
    "PoolView",
    "Prediction",
    "QueryMethod",
    "best_patches",
    "best_places",
    "checked_score",
    "entropy",
    "expected_entropy",
    "mutual_information",
    "patch_means",
    "top",
]


class QueryMethod:
    """Base class of all query methods: write `score`, or take over `query`."""

    name: ClassVar[str]
    """Name on the leaderboard; the class's own name unless it sets one."""
    oracle: ClassVar[bool] = False
    """Whether the method sees ground truth (``pool.oracle``); every result says so."""
    needs: ClassVar[frozenset[str]] = frozenset({"mean"})
    """What of a prediction it uses: ``mean``, ``expected_entropy``; empty for none."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in cls.__dict__:
            cls.name = cls.__name__

    def score(self, prediction: Prediction) -> "Tensor | np.ndarray":
        """Score of each voxel of one image, ``(Z, Y, X)``, finite: higher is labelled sooner."""
        raise MethodError(f"{prediction.case}: the class has neither score nor query; write one")

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches that overlap neither labelled ones nor one another.

        By default: in each image the mean score of the patches on the stride's grid, greedily the
        best ``pool.candidates`` of them, then the best ``n`` over all images; equal ones by case
        id, then start (protocol section 5, "Aggregation", "Candidates per image").
        """

        def best(case: str) -> list[Candidate]:
            score = checked_score(case, self.score(pool.predict(case)), pool.shape(case))
            labelled = pool.labelled_in(case)
            return best_patches(
                case, score, pool.patch_size, pool.stride, labelled, pool.candidates
            )

        return top((found for image in pool.map(best) for found in image), n)

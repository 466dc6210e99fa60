"""Entropy per effort: the ensemble's own prediction says what a patch would cost."""

from typing import Annotated

import numpy as np
from pydantic import Field

from nnactive.methods import PoolView, Prediction, QueryMethod, entropy, patch_means


class CostAwareEntropy(QueryMethod):
    """Mean entropy, divided by the predicted effort: a fixed part and the boundary to be drawn."""

    name = "cost_aware_entropy"
    reference = "Kuo et al. 2018, https://doi.org/10.1007/978-3-030-00931-1_82"

    class Parameters(QueryMethod.Parameters):
        """fixed (0.1): cost of a patch without any boundary; one of nothing else costs 1 more."""

        fixed: Annotated[float, Field(gt=0)] = 0.1

    parameters: Parameters

    def score(self, prediction: Prediction) -> np.ndarray:
        """Entropy of the mean, ``(Z, Y, X)``."""
        return entropy(prediction.mean).cpu().numpy()

    def patch_score(
        self, means: np.ndarray, pool: PoolView, rng: np.random.Generator, prediction: Prediction
    ) -> np.ndarray:
        """Mean entropy by mean effort, at each position of the grid."""
        drawn = boundary(prediction.mean.argmax(0).cpu().numpy())
        effort = patch_means(drawn, pool.patch_size, pool.stride)
        return means / (self.parameters.fixed + effort)


def boundary(labels: np.ndarray) -> np.ndarray:
    """1 where a foreground voxel has a neighbour of another class, else 0; ``(Z, Y, X)``."""
    found = np.zeros(labels.shape, dtype=bool)
    for axis in range(labels.ndim):
        ahead = np.moveaxis(labels, axis, 0)
        differ, seen = ahead[1:] != ahead[:-1], np.moveaxis(found, axis, 0)
        seen[1:] |= differ
        seen[:-1] |= differ
    return (found & (labels > 0)).astype(np.float32)

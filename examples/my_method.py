"""Least confidence: query where the ensemble's most likely class is least likely."""

from torch import Tensor

from nnactive.methods import Prediction, QueryMethod


class MyMethod(QueryMethod):
    """Score ``1 - max_c p_c`` per voxel (Lewis & Gale 1994, https://arxiv.org/abs/cmp-lg/9407020)."""

    def score(self, prediction: Prediction) -> Tensor:
        """From the mean probabilities ``(C, Z, Y, X)`` to a score per voxel ``(Z, Y, X)``."""
        return 1 - prediction.mean.amax(dim=0)

"""Margin: query where the two most likely classes are about equally likely."""

import torch
from torch import Tensor

from nnactive.methods import Prediction, QueryMethod


class Margin(QueryMethod):
    """Score ``1 - (p_1st - p_2nd)`` per voxel (Scheffer et al. 2001, https://doi.org/10.1007/3-540-44816-0_31)."""

    def score(self, prediction: Prediction) -> Tensor:
        """Map the mean probabilities ``(C, Z, Y, X)`` to a score per voxel ``(Z, Y, X)``."""
        first = torch.zeros_like(prediction.mean[0])
        second = torch.zeros_like(first)
        for probability in prediction.mean:  # class by class: no copy of all C volumes
            second = torch.maximum(second, torch.minimum(first, probability))
            first = torch.maximum(first, probability)
        return 1 - (first - second)

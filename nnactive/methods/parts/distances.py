"""Choices that spread over a feature space, by Euclidean distance."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnactive.methods.parts.greedy import Conflicts, greedy

if TYPE_CHECKING:
    from torch import Tensor

POINTS_AT_ONCE = 512
"""Few enough that their differences fit in the processor's cache."""


def farthest_first(
    features: np.ndarray, labelled: np.ndarray, n: int, conflicts: Conflicts | None = None
) -> list[int]:
    """Indices of ``n`` points, each the farthest from the labelled ones and those chosen before.

    Greedy k-centre: each choice is ``argmax_i min_s ||f_i - f_s||``. Without labelled points it
    begins with the first. Memory beside the features: N distances. Gonzalez 1985,
    https://doi.org/10.1016/0304-3975(85)90224-5; as Core-Set: Sener & Savarese 2018,
    https://openreview.net/forum?id=H1aIuk-RW.

    Args:
        features: one row a point, ``(N, D)``, floats; among equally far points the first is chosen.
        labelled: features of what is labelled, ``(M, D)``; M may be 0.
        n: number of points.
        conflicts: what a choice excludes, such as ``overlapping(patches)``; None: only itself.

    Raises:
        MethodError: if fewer than ``n`` can be chosen.
    """
    nearest = _Nearest(features)
    for row in _floats(labelled):
        nearest.add(row)

    def distance(chosen: Sequence[int]) -> np.ndarray:
        if chosen:
            nearest.add(nearest.points[chosen[-1]])
        return nearest.squares

    return greedy(distance, n, conflicts)


def kmeans_plus_plus(
    features: np.ndarray, n: int, rng: np.random.Generator, conflicts: Conflicts | None = None
) -> list[int]:
    """Indices of ``n`` points, drawn like the first centres of k-means++.

    The first is the point farthest from the origin; each later one is drawn with a probability
    proportional to its squared distance from the nearest point chosen before. So it is the seeding
    in the code of BADGE: Ash et al. 2020, https://openreview.net/forum?id=ryghZJBKPS, with gradient
    embeddings as features; k-means++: Arthur & Vassilvitskii 2007,
    https://dl.acm.org/doi/10.5555/1283383.1283494.

    Args:
        features: one row a point, ``(N, D)``, floats; points that coincide with chosen ones are
            drawn last, in order.
        n: number of points.
        rng: source of the draws, N for each choice but the first.
        conflicts: what a choice excludes, such as ``overlapping(patches)``; None: only itself.

    Raises:
        MethodError: if fewer than ``n`` can be chosen.
    """
    nearest = _Nearest(features)

    def drawn(chosen: Sequence[int]) -> np.ndarray:
        if not chosen:
            lengths: np.ndarray = np.square(features, dtype=np.float64).sum(axis=1)
            return lengths
        nearest.add(nearest.points[chosen[-1]])
        with np.errstate(divide="ignore"):
            # The highest of ln w + Gumbel noise is a draw with probabilities proportional to w.
            weights: np.ndarray = np.log(nearest.squares, dtype=np.float64)
        return weights + rng.gumbel(size=len(weights))

    return greedy(drawn, n, conflicts)


class _Nearest:
    """Each point's squared distance to the nearest of the centres added so far."""

    def __init__(self, points: np.ndarray) -> None:
        import torch

        self.points = _floats(points)
        self._squares = torch.full((len(points),), float("inf"), dtype=self.points.dtype)
        self._scratch = torch.empty_like(self.points[:POINTS_AT_ONCE])

    @property
    def squares(self) -> np.ndarray:
        """Squared distances, ``(N,)``; infinite as long as there is no centre."""
        squares: np.ndarray = self._squares.numpy()
        return squares

    def add(self, centre: "Tensor") -> None:
        """Add a centre, ``(D,)``."""
        import torch

        for first in range(0, len(self.points), POINTS_AT_ONCE):
            some = slice(first, first + POINTS_AT_ONCE)
            points, nearest = self.points[some], self._squares[some]
            # Not via dot products, which may give equal points different distances.
            difference = torch.sub(points, centre, out=self._scratch[: len(points)]).square_()
            torch.minimum(nearest, difference.sum(dim=1), out=nearest)


def _floats(points: np.ndarray) -> "Tensor":
    """As a tensor of floats that shares the array's memory if it can."""
    import torch

    array = points if points.dtype in {np.dtype("f4"), np.dtype("f8")} else points.astype("f8")
    return torch.from_numpy(np.ascontiguousarray(array))

"""A method that queries patches which represent the pool: greedy k-centre over embeddings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.placement import Case, spread
from nnactive.pool.view import PoolView
from nnactive.query.prediction import Need

if TYPE_CHECKING:
    from torch import Tensor

POINTS_AT_ONCE = 512
"""Few enough that their differences fit in the processor's cache."""


@dataclass(frozen=True)
class _Image:
    """Candidates of an image, their embeddings ``(n, D)``, and those of its labelled patches."""

    patches: list[Patch]
    embeddings: np.ndarray
    centres: np.ndarray


class Coreset(QueryMethod):
    """Patches far from all labelled ones in the network's feature space.

    With ``f(x)`` the embedding of a patch, ``(D,)``, and S the labelled patches, the candidate
    ``argmax_x min_{s in S} ||f(x) - f(s)||`` joins S, until the query is full; Euclidean distance,
    ties by case id, then start (greedy k-centre: each step picks the patch that S covers worst).
    Without a labelled patch it begins with the first candidate.

    Adapted to 3D patches: ``f`` is the mean over the patch of the features of the encoder's last
    stage, concatenated over the members (``pool.embed``), where the paper has one network and one
    feature vector per image. Comparing all positions of a patch is infeasible, so each image puts
    forward at most ``pool.candidates``, placed like `Random`'s: uniformly, overlapping neither
    labelled patches nor one another. Memory holds the N candidates' embeddings, float32 ``(N, D)``,
    and N distances.

    Sener & Savarese 2018, https://openreview.net/forum?id=H1aIuk-RW.
    """

    name = "coreset"
    reference = "Sener & Savarese 2018, https://openreview.net/forum?id=H1aIuk-RW"
    needs = frozenset({Need.EMBEDDING})

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches, beginning with the one farthest from the labelled ones.

        Raises:
            MethodError: if there are fewer candidates.
        """
        images = pool.map(lambda case: _candidates(pool, case))
        patches = [patch for image in images for patch in image.patches]
        if len(patches) < n:
            raise MethodError(
                f"{len(patches)} candidates for {n} patches, from {len(pool.cases)} images with at "
                f"most {pool.candidates} each; query fewer patches or allow more candidates"
            )
        embeddings = np.concatenate([image.embeddings for image in images])
        centres = np.concatenate([image.centres for image in images])
        del images
        return [patches[index] for index in farthest(embeddings, centres, n)]


def farthest(points: np.ndarray, centres: np.ndarray, n: int) -> list[int]:
    """Indices of ``n`` points, each the farthest from the centres and the points chosen before.

    Args:
        points: float32, ``(N, D)``; among equally far ones the first is chosen.
        centres: float32, ``(M, D)``; M may be 0.
        n: number of points, at most N.
    """
    import torch

    at = torch.from_numpy(points)
    nearest = torch.full((len(points),), float("inf"))
    scratch = torch.empty_like(at[:POINTS_AT_ONCE])

    def shorten(centre: "Tensor") -> None:
        """Update each point's squared distance to its nearest centre."""
        for first in range(0, len(at), POINTS_AT_ONCE):
            some = slice(first, first + POINTS_AT_ONCE)
            # Not via dot products, which may give equal points different distances.
            difference = torch.sub(at[some], centre, out=scratch[: len(at[some])]).square_()
            torch.minimum(nearest[some], difference.sum(dim=1), out=nearest[some])

    for centre in torch.from_numpy(centres):
        shorten(centre)
    chosen: list[int] = []
    for _ in range(n):
        chosen.append(int(nearest.numpy().argmax()))  # torch's may return any of equal ones
        shorten(at[chosen[-1]])
        nearest[chosen] = -1
    return chosen


def _candidates(pool: PoolView, case: str) -> _Image:
    def no_label() -> np.ndarray:
        raise AssertionError("positions are drawn without labels")

    labelled = pool.labelled_in(case)
    rng = pool.rng("candidates", case)
    place = Case(case, pool.shape(case), pool.patch_size, no_label, rng)
    patches = sorted(spread([place], labelled, pool.candidates))
    embeddings = pool.embed(case, [*patches, *labelled])
    return _Image(patches, embeddings[: len(patches)], embeddings[len(patches) :])

"""A method that queries patches which represent the pool: k-centre greedy over embeddings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.placement import Case, spread
from nnactive.query.pool import PoolView
from nnactive.query.prediction import Need

if TYPE_CHECKING:
    from torch import Tensor

POINTS_AT_ONCE = 512
"""Small enough that their differences stay in the processor's cache."""


@dataclass(frozen=True)
class _Image:
    """Candidates of an image, their embeddings ``(n, D)``, those of its labelled patches."""

    patches: list[Patch]
    embeddings: np.ndarray
    centres: np.ndarray


class Coreset(QueryMethod):
    """Patches far from all labelled ones in the network's feature space.

    With ``f(x)`` the embedding of a patch, ``(D,)``, and S the labelled patches: again and again
    the candidate ``argmax_x min_{s in S} ||f(x) - f(s)||`` joins S, Euclidean distance, equal ones
    by case id, then start (k-centre greedy: each step serves the patch that S covers worst).
    Without a labelled patch the first candidate begins.

    Adapted to 3D patches: ``f`` is the mean over the patch of the features of the encoder's last
    stage, one member after the other (``pool.embed``), where the paper has one network and one
    feature vector per image. Not all places of a patch can be compared, so each image puts forward
    at most ``pool.candidates``, placed like `Random`'s: uniformly, free of labelled patches and of
    one another. In memory are the N candidates' embeddings, float32 ``(N, D)``, and N distances.

    Sener & Savarese 2018, https://openreview.net/forum?id=H1aIuk-RW.
    """

    name = "coreset"
    reference = "Sener & Savarese 2018, https://openreview.net/forum?id=H1aIuk-RW"
    needs = frozenset({Need.EMBEDDING})

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches, the one that is farthest from the labelled ones first.

        Raises:
            MethodError: if the images have fewer candidates than that.
        """
        images = pool.map(lambda case: _candidates(pool, case))
        patches = [patch for image in images for patch in image.patches]
        if len(patches) < n:
            raise MethodError(
                f"{len(patches)} candidates for {n} patches, of {len(pool.cases)} images with at "
                f"most {pool.candidates} each; query fewer patches or allow more candidates"
            )
        embeddings = np.concatenate([image.embeddings for image in images])
        centres = np.concatenate([image.centres for image in images])
        del images
        return [patches[index] for index in farthest(embeddings, centres, n)]


def farthest(points: np.ndarray, centres: np.ndarray, n: int) -> list[int]:
    """Indices of ``n`` points, each the farthest from the centres and those chosen before it.

    Args:
        points: float32, ``(N, D)``; of equally far ones the first is taken.
        centres: float32, ``(M, D)``; M may be 0.
        n: how many, at most N.
    """
    import torch

    at = torch.from_numpy(points)
    nearest = torch.full((len(points),), float("inf"))
    scratch = torch.empty_like(at[:POINTS_AT_ONCE])

    def shorten(centre: "Tensor") -> None:
        """Bring each point's squared distance to the nearest centre up to date."""
        for first in range(0, len(at), POINTS_AT_ONCE):
            some = slice(first, first + POINTS_AT_ONCE)
            # Not by dot products, which needn't give equal points equal distances.
            difference = torch.sub(at[some], centre, out=scratch[: len(at[some])]).square_()
            torch.minimum(nearest[some], difference.sum(dim=1), out=nearest[some])

    for centre in torch.from_numpy(centres):
        shorten(centre)
    chosen: list[int] = []
    for _ in range(n):
        chosen.append(int(nearest.numpy().argmax()))  # torch's may take any of equal ones
        shorten(at[chosen[-1]])
        nearest[chosen] = -1
    return chosen


def _candidates(pool: PoolView, case: str) -> _Image:
    def no_label() -> np.ndarray:
        raise AssertionError("places are drawn without labels")

    labelled = pool.labelled_in(case)
    rng = pool.rng("candidates", case)
    place = Case(case, pool.shape(case), pool.patch_size, no_label, rng)
    patches = sorted(spread([place], labelled, pool.candidates))
    embeddings = pool.embed(case, [*patches, *labelled])
    return _Image(patches, embeddings[: len(patches)], embeddings[len(patches) :])

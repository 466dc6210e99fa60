"""A method that queries patches which represent the pool: greedy k-centre over embeddings."""

import numpy as np

from nnactive.geometry import Patch
from nnactive.methods.parts.features import FeatureMethod
from nnactive.pool.view import PoolView
from nnactive.query.prediction import Need


class Coreset(FeatureMethod):
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

    def features(self, pool: PoolView, case: str, patches: list[Patch]) -> np.ndarray:
        """The ensemble's embeddings of the patches, float32 ``(len(patches), D)``."""
        return pool.embed(case, patches)

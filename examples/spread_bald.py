"""BALD with Gaussian noise and patches spread over the images."""

from collections import Counter
from typing import Annotated

import numpy as np
from pydantic import Field

from nnactive.methods import Candidate, Patch, PoolView, QueryMethod
from nnactive.methods.uncertainty import Bald


class SpreadBald(Bald):
    """Mutual information with noise; images take turns, with at most ``most`` patches per turn."""

    name = "spread_bald"

    class Parameters(QueryMethod.Parameters):
        """most (2): patches per image and turn; sigma (0.01): noise on the mean, in nats."""

        most: Annotated[int, Field(ge=1)] = 2
        sigma: Annotated[float, Field(ge=0)] = 0.01

    parameters: Parameters

    def patch_score(
        self, means: np.ndarray, pool: PoolView, rng: np.random.Generator
    ) -> np.ndarray:
        """The patch means, one per grid position, with noise."""
        return means + rng.normal(0, self.parameters.sigma, size=means.shape)

    def choose(self, pool: PoolView, candidates: list[Candidate], n: int) -> list[Patch]:
        """The best in turns; an image's candidates come best first."""
        seen: Counter[str] = Counter()
        turns: list[tuple[int, float, Patch]] = []
        for each in candidates:
            turns.append((seen[each.patch.case] // self.parameters.most, -each.score, each.patch))
            seen[each.patch.case] += 1
        return [patch for _, _, patch in sorted(turns)[:n]]

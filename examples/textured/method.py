"""Entropy where the image has texture: a method of several files."""

import numpy as np
import torch

from nnactive.methods import Candidate, PoolView, QueryMethod, entropy

from .filters import energy


class TexturedEntropy(QueryMethod):
    """Predictive entropy times texture energy (Laws 1980, https://doi.org/10.1117/12.959169)."""

    name = "textured_entropy"

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """What one image puts forward, by the product of both scores."""
        kernels = np.loadtxt(pool.file("kernels.csv"), delimiter=",", ndmin=2)
        texture = torch.from_numpy(energy(pool.image(case), kernels))
        score = entropy(pool.predict(case).mean) * texture
        rng, limit = pool.rng("noise", case), self.limit(pool)
        return self.best_of_image(score, pool, case, pool.labelled_in(case), limit, rng)

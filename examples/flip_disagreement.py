"""Query where the prediction changes when the image is mirrored: test-time augmentation."""

import numpy as np

from nnactive.methods import Candidate, PoolView, QueryMethod


class FlipDisagreement(QueryMethod):
    """Total variation between the predictions of an image and of its mirror image along X."""

    name = "flip_disagreement"

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """What one image puts forward; the mirrored prediction is mirrored back first."""
        mirrored = pool.predict(case, image=np.flip(pool.image(case), axis=-1)).mean.flip(-1)
        score = (pool.predict(case).mean - mirrored).abs().sum(0) / 2
        taken, rng = pool.labelled_in(case), pool.rng("noise", case)
        return self.best_of_image(score, pool, case, taken, self.limit(pool), rng)

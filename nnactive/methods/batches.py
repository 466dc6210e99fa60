"""A method that draws random batches of patches and queries the most uncertain one."""

from typing import Annotated

import numpy as np
from pydantic import Field

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.parts.places import measure
from nnactive.methods.random import random_patches
from nnactive.methods.uncertainty import PredictiveEntropy
from nnactive.pool.view import PoolView
from nnactive.query.selection import checked_score


class StochasticBatches(PredictiveEntropy):
    """Random batches of patches; the one with the highest mean predictive entropy is the query.

    ``argmax_b`` of the mean over the patches of batch ``b`` of their mean ``H[p]``, with ``H[p]``
    the predictive entropy ``(Z, Y, X)``; ties by number. ``batches`` (100): number of batches.
    Gaillochet et al. 2023, https://doi.org/10.1016/j.media.2023.102958, split a shuffled finite set
    of 2D images into batches. A pool of volumes is no such set, so here every batch is drawn
    independently, as random draws a query, before any prediction is made.
    """

    name = "stochastic_batches"
    reference = "Gaillochet et al. 2023, https://doi.org/10.1016/j.media.2023.102958"

    class Parameters(QueryMethod.Parameters):
        """batches (100): number of random batches."""

        batches: Annotated[int, Field(ge=1, le=10_000)] = 100

    parameters: Parameters

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose the batch of ``n`` patches.

        Raises:
            MethodError: if no batch of ``n`` patches fits.
        """
        drawn = (
            random_patches(pool, n, draw=str(number)) for number in range(self.parameters.batches)
        )
        batches = [batch for batch in drawn if len(batch) == n]
        if not batches:
            raise MethodError(f"no batch of {n} patches can be placed; query fewer patches")

        def means(case: str, patches: list[Patch]) -> np.ndarray:
            score = checked_score(case, self.score(pool.predict(case)), pool.shape(case))
            return np.array([score[patch.slices].mean(dtype=np.float64) for patch in patches])

        found = measure(pool, [patch for batch in batches for patch in batch], means)
        return batches[int(found.reshape(len(batches), n).sum(axis=1).argmax())]

"""Uncertainty with noise, which diversifies a query's patches."""

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.uncertainty import Bald, PredictiveEntropy
from nnactive.pool.view import PoolView
from nnactive.query.noise import power, softrank
from nnactive.query.selection import Candidate, ranked

Beta = Annotated[float, Field(ge=1e-6)]
"""Inverse strength of noise, > 0 by more than rounding error; ``inf`` for none."""


class Noisy(QueryMethod):
    """Power noise on a method's patch means: ``ln(mean) + Gumbel(0, 1/beta)`` per grid position.

    A part to compose noisy methods with; a mean of 0 scores ``-inf`` and ranks last.
    """

    def beta(self, pool: PoolView) -> float:
        """Inverse strength of the noise in this query."""
        raise NotImplementedError

    def patch_score(
        self, means: np.ndarray, pool: PoolView, rng: np.random.Generator
    ) -> np.ndarray:
        """``ln(mean) + Gumbel(0, 1/beta)``."""
        return power(means, self.beta(pool), rng)


class Power(Noisy):
    """Power noise whose strength is a parameter."""

    class Parameters(QueryMethod.Parameters):
        """beta (1): inverse strength of the noise, > 0; inf for none."""

        beta: Beta = 1.0

    parameters: Parameters

    def beta(self, pool: PoolView) -> float:
        """The parameter."""
        del pool
        return self.parameters.beta


class PowerBald(Power, Bald):
    """Mutual information as in bald, with power noise on the patch means.

    ``ln(mean) + Gumbel(0, 1/beta)`` per grid position, with ``mean`` the mean of the mutual
    information ``(Z, Y, X)`` over the query patch. ``beta`` (1): inverse strength of the noise; the
    noise study uses 1, 5, 10, 20, 40 and inf, which is bald. Kirsch et al. 2023,
    https://openreview.net/forum?id=vcHwQyNBjW; protocol section 5.
    """

    name = "power_bald"
    reference = "Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW"


class PowerPredictiveEntropy(Power, PredictiveEntropy):
    """Predictive entropy, with power noise on the patch means.

    ``ln(mean) + Gumbel(0, 1/beta)`` per grid position, with ``mean`` the mean of the predictive
    entropy ``(Z, Y, X)`` over the query patch. ``beta`` (1): inverse strength of the
    noise. Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW; Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "power_pe"
    reference = "Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW"


class SoftrankBald(Bald):
    """Mutual information as in bald, with noise on the candidates' ranks.

    Each image puts forward up to ``2k`` candidates; those of all images are sorted by score, and
    rank ``r``, from 1, scores ``-ln r + Gumbel(0, 1/beta)``. ``beta`` (1): inverse strength of the
    noise. Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW; protocol section 5.
    """

    name = "softrank_bald"
    reference = "Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW"

    class Parameters(QueryMethod.Parameters):
        """beta (1): inverse strength of the noise, > 0; inf for none."""

        beta: Beta = 1.0

    parameters: Parameters

    def limit(self, pool: PoolView) -> int:
        """Twice as many candidates as other methods."""
        return 2 * pool.candidates

    def choose(self, pool: PoolView, candidates: list[Candidate], n: int) -> list[Patch]:
        """The ``n`` best by noisy rank."""
        in_order = ranked(candidates)
        scores = softrank(len(in_order), self.parameters.beta, pool.rng("noise")).tolist()
        pairs = zip(in_order, scores, strict=True)
        noisy = [replace(candidate, score=score) for candidate, score in pairs]
        return super().choose(pool, noisy, n)

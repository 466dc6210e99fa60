"""Methods that give each foreground class its share of the patches."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.noisy import Noisy, Power
from nnactive.methods.uncertainty import PredictiveEntropy
from nnactive.pool.view import PoolView
from nnactive.query.noise import beta_at
from nnactive.query.selection import Candidate
from nnactive.query.strata import (
    UNSTRATIFIED,
    quotas,
    shares,
    stratified_candidates,
    stratified_choice,
)

Alpha = Annotated[Decimal, Field(gt=0, lt=1)]
"""Share of the patches that the classes get, an exact decimal."""


class ClassBalanced(PredictiveEntropy):
    """Predictive entropy in strata: what all methods of this file share.

    Stratum 0 scores ``H[p]``, that of class c ``p_c H[p]``, with ``p`` the members' mean.
    """

    class Parameters(QueryMethod.Parameters):
        """alpha (0.66): share of the patches that the classes get."""

        alpha: Alpha = Decimal("0.66")

    parameters: Parameters

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """What the strata pick in one image, one after the other, in random order."""
        prediction = pool.predict(case)
        score, kept = self.score(prediction), self.kept(prediction)

        def put_forward(stratum: int, taken: list[Patch], limit: int) -> list[Candidate]:
            weighted = score if stratum == UNSTRATIFIED else prediction.mean[stratum] * score
            rng = pool.rng("noise", case, str(stratum))
            return self.best_of_image(weighted, pool, case, taken, limit, rng, **kept)

        limits = quotas(self.limit(pool), self.parameters.alpha, pool.n_classes - 1)
        return stratified_candidates(
            put_forward, limits, pool.labelled_in(case), pool.rng("strata", case)
        )

    def choose(self, pool: PoolView, candidates: list[Candidate], n: int) -> list[Patch]:
        """The best of each stratum, up to its share."""
        counts = shares(n, self.parameters.alpha, pool.n_classes - 1, pool.rng("shares"))
        return stratified_choice(candidates, counts)


class ClassBalanced33(ClassBalanced):
    """Predictive entropy, a third of the patches split equally among the classes.

    Voxel scores ``H[p]`` and, for each foreground class c, ``p_c H[p]``, from ``(C, Z, Y, X)`` to
    ``(Z, Y, X)``; the classes share ``floor(alpha q)`` patches equally, ``H[p]`` gets the others.
    ``alpha`` (0.33): the classes' share. Lüth et al. 2026,
    https://openreview.net/forum?id=UamXueEaYW; protocol section 5, "Stratified choice".
    """

    name = "cla_pe_33"
    reference = "Lüth et al. 2026, https://openreview.net/forum?id=UamXueEaYW"

    class Parameters(ClassBalanced.Parameters):
        """alpha (0.33): share of the patches that the classes get."""

        alpha: Alpha = Decimal("0.33")


class ClassBalanced66(ClassBalanced):
    """Predictive entropy, two thirds of the patches shared by the classes.

    As cla_pe_33 with ``alpha`` (0.66). Lüth et al. 2026,
    https://openreview.net/forum?id=UamXueEaYW; protocol section 5, "Stratified choice".
    """

    name = "cla_pe_66"
    reference = "Lüth et al. 2026, https://openreview.net/forum?id=UamXueEaYW"


class ClassBalancedPower(Power, ClassBalanced):
    """As cla_pe_66, with power noise of constant strength in each stratum.

    ``ln(mean) + Gumbel(0, 1/beta)`` per grid position, independent per stratum. ``alpha`` (0.66):
    the classes' share; ``beta`` (1): inverse strength of the noise. Lüth et al. 2026,
    https://openreview.net/forum?id=UamXueEaYW; protocol section 5.
    """

    name = "clap_pe"
    reference = "Lüth et al. 2026, https://openreview.net/forum?id=UamXueEaYW"

    class Parameters(ClassBalanced.Parameters, Power.Parameters):
        """alpha (0.66): share of the classes; beta (1): inverse strength of the noise, > 0."""

    parameters: Parameters


class ClassBalancedScheduledPower(Noisy, ClassBalanced):
    """ClaSP PE: as clap_pe, with noise that decreases with each query.

    ``beta(t) = exp((1 - t/T) ln beta_0 + (t/T) ln beta_max)``, t = 0, 1, ... the index of the
    query and T the number of queries. ``alpha`` (0.66): the classes' share; ``beta_0`` (1),
    ``beta_max`` (100): inverse strength of the noise at the first query and after the last. Lüth et
    al. 2026, https://openreview.net/forum?id=UamXueEaYW; protocol section 5.
    """

    name = "clasp_pe"
    reference = "Lüth et al. 2026, https://openreview.net/forum?id=UamXueEaYW"

    class Parameters(ClassBalanced.Parameters):
        """alpha (0.66): share of the classes; beta_0 (1), beta_max (100): the noise's schedule."""

        beta_0: Annotated[float, Field(ge=1e-6, allow_inf_nan=False)] = 1.0
        beta_max: Annotated[float, Field(ge=1e-6, allow_inf_nan=False)] = 100.0

    parameters: Parameters

    def beta(self, pool: PoolView) -> float:
        """The schedule's value at this query."""
        first, last = self.parameters.beta_0, self.parameters.beta_max
        return beta_at(pool.loop - 1, pool.queries, first, last)

"""Starts that don't look at images: the protocol's, and random places."""

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.io.queries import PROTOCOL_START
from nnactive.methods.placement import DRAWS
from nnactive.methods.random import random_patches
from nnactive.methods.starts.base import StartMethod
from nnactive.pool.start import protocol_start
from nnactive.pool.view import PoolView

STUDY = "Lüth et al. 2025, https://openreview.net/forum?id=AJAnmRLJjJ"


class Foreground33(StartMethod):
    """The protocol's starting budget: every class twice, then a third of attempts at foreground.

    Uses ground truth, so that training begins with every class; real annotation can't know where
    the classes are. It is the start of all tracks that compare query methods. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 4.
    """

    name = PROTOCOL_START
    reference = STUDY
    oracle = True

    def start(self, pool: PoolView, n: int) -> list[Patch]:
        """The patches that `nnactive.steps.starting_budget` chooses."""
        return protocol_start(pool, n)


class RandomStart(StartMethod):
    """Uniformly placed patches, one per case in turn, as the query method random places them.

    The baseline that Liu et al. 2023, https://arxiv.org/abs/2307.12004, compare cold starts with,
    there of whole volumes. Protocol section 5, random.
    """

    name = "random_start"
    reference = STUDY

    def start(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` random patches.

        Raises:
            MethodError: if the pool has no room for ``n``.
        """
        placed = random_patches(pool, n)
        if len(placed) < n:
            raise MethodError(
                f"{len(placed)} of {n} patches could be placed before {DRAWS} draws found no room "
                "in any case; start with fewer patches"
            )
        return placed

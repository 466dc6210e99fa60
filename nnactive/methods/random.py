"""Methods that place patches at random, with and without regard to the foreground."""

from typing import ClassVar

import numpy as np

from nnactive.geometry import Patch
from nnactive.methods.base import QueryMethod
from nnactive.methods.placement import Case, spread
from nnactive.pool import PoolView


class Random(QueryMethod):
    """Uniformly placed patches, one per case in turn.

    The cases come in an order shuffled anew for each query, round and round; a start is uniform
    over the ``n - p + 1`` places per axis; a case in which 600 draws find no place free of labelled
    and chosen patches is dropped for this query. It looks at no prediction. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "random"
    needs = frozenset()
    random_share: ClassVar[tuple[int, int]] = (1, 1)
    """Share a/b of attempts without regard to the foreground."""

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` random patches, fewer where the pool is full."""
        order = [pool.cases[i] for i in pool.rng("order").permutation(len(pool.cases))]
        cases = [self._case(pool, case) for case in order]
        return spread(cases, pool.labelled, n, self.random_share)

    def _case(self, pool: PoolView, case: str) -> Case:
        def label() -> np.ndarray:
            return pool.oracle.label(case)

        return Case(case, pool.shape(case), pool.patch_size, label, pool.rng("place", case))


class RandomForeground33(Random):
    """Random patches of which one in three attempts is centred on foreground: an oracle method.

    As random, but the kind is drawn anew at each attempted case: random 2/3, class 1/6, border 1/6.
    Class: around a uniformly drawn voxel of a uniformly drawn foreground class that the case has;
    border: likewise a voxel that the class's erosion by the 6-neighbour cross takes away. No place
    in 600 draws of the voxel, or no foreground: the next case. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "random_fg33"
    oracle = True
    random_share = (2, 3)


class RandomForeground66(RandomForeground33):
    """Random patches of which two in three attempts are centred on foreground: an oracle method.

    As random_fg33 with the kinds random 1/3, class 1/3, border 1/3. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "random_fg66"
    random_share = (1, 3)

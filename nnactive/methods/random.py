"""Methods that place patches without any prediction."""

from typing import ClassVar

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, grid_of_tiles, overlaps_any
from nnactive.methods.base import QueryMethod
from nnactive.methods.placement import DRAWS, Case, dealt, evenly, spread
from nnactive.pool.view import PoolView


class Random(QueryMethod):
    """Uniformly placed patches, one per case in turn.

    The cases take turns in an order shuffled for each query; a start is uniform over the
    ``n - p + 1`` positions per axis; a case in which 600 draws find no patch free of labelled and
    chosen ones is dropped for this query. Uses no prediction. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "random"
    reference = "Lüth et al. 2025, https://openreview.net/forum?id=AJAnmRLJjJ"
    needs = frozenset()
    random_share: ClassVar[tuple[int, int]] = (1, 1)
    """Share a/b of attempts without regard to the foreground."""

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` random patches.

        Raises:
            MethodError: if the pool has no room for ``n``.
        """
        placed = random_patches(pool, n, self.random_share)
        if len(placed) < n:
            raise MethodError(
                f"{len(placed)} of {n} patches could be placed before {DRAWS} draws found no room "
                "in any case; query fewer patches"
            )
        return placed


class RandomForeground33(Random):
    """Random patches, with one in three attempts centred on foreground; uses ground truth.

    As random, but each attempt draws its kind: random 2/3, class 1/6, border 1/6. Class: around a
    voxel drawn uniformly from a foreground class drawn uniformly from the case's; border: likewise,
    from the voxels that erosion of the class by the 6-neighbour cross removes. If 600 draws of the
    voxel find no room, or there is no foreground, the next case is tried. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "random_fg33"
    reference = "Lüth et al. 2025, https://openreview.net/forum?id=AJAnmRLJjJ"
    oracle = True
    random_share = (2, 3)


class RandomForeground66(RandomForeground33):
    """Random patches, with two in three attempts centred on foreground; uses ground truth.

    As random_fg33 with the kinds random 1/3, class 1/3, border 1/3. Lüth et al. 2025,
    https://openreview.net/forum?id=AJAnmRLJjJ; protocol section 5.
    """

    name = "random_fg66"
    reference = "Lüth et al. 2025, https://openreview.net/forum?id=AJAnmRLJjJ"
    random_share = (1, 3)


class RandomStrided(QueryMethod):
    """Evenly spaced patches on a regular grid with a random offset, spread over the images.

    Each image is tiled with the query patch from an offset drawn uniformly below the patch size.
    The patches are dealt to the images one by one, in rounds of a random order, as long as an image
    has tiles free of labelled patches; an image that gets ``w`` of its ``G`` free tiles takes, in
    the grid's order, those at ``floor((j G + r) / w)``, ``j = 0 .. w - 1``, with ``r`` drawn from
    ``0 .. G - 1``. No parameters. Adapted from strided sampling of slices, evenly spaced along one
    axis, to 3D patches on a grid along three: Burmeister et al. 2022,
    https://doi.org/10.48550/arXiv.2207.00845.
    """

    name = "random_strided"
    reference = "Burmeister et al. 2022, https://doi.org/10.48550/arXiv.2207.00845"
    needs = frozenset()

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches, in case order.

        Raises:
            MethodError: if all grids together have fewer free tiles.
        """
        streams = {case: pool.rng("offset", case) for case in pool.cases}
        free = {case: _free_tiles(pool, case, rng) for case, rng in streams.items()}
        order = [pool.cases[i] for i in pool.rng("order").permutation(len(pool.cases))]
        counts = dealt(n, {case: len(free[case]) for case in order})
        if sum(counts.values()) < n:
            raise MethodError(
                f"the grids have {sum(counts.values())} free tiles, {n} patches are requested; "
                "query fewer patches"
            )
        return [
            free[case][i]
            for case in pool.cases
            for i in evenly(counts[case], len(free[case]), streams[case])
        ]


def random_patches(
    pool: PoolView, n: int, random_share: tuple[int, int] = (1, 1), draw: str = ""
) -> list[Patch]:
    """Up to ``n`` patches as `Random` and its foreground variants place them.

    Args:
        pool: the pool.
        n: number of patches.
        random_share: share a/b of attempts without regard to the foreground.
        draw: distinguishes several draws of one query.
    """
    order = pool.rng("order", stratum=draw).permutation(len(pool.cases))

    def placed_in(case: str) -> Case:
        def label() -> np.ndarray:
            return pool.oracle.label(case)

        rng = pool.rng("place", case, draw)
        return Case(case, pool.shape(case), pool.patch_size, label, rng)

    cases = [placed_in(pool.cases[i]) for i in order]
    return spread(cases, pool.labelled, n, random_share)


def _free_tiles(pool: PoolView, case: str, rng: np.random.Generator) -> list[Patch]:
    """Tiles of a case's grid that overlap no labelled patch, by start."""
    labelled = pool.labelled_in(case)
    tiles = grid_of_tiles(case, pool.patch_size, pool.shape(case), rng)
    return [tile for tile in tiles if not overlaps_any(tile, labelled)]

"""TypiClust: the most typical patch of each cluster, on features that need no training."""

import warnings
from collections.abc import Iterator

import numpy as np
from pydantic import Field

from nnactive.errors import MethodError
from nnactive.geometry import Patch, Spacing, grid_of_tiles, overlaps_any
from nnactive.methods.base import Method
from nnactive.methods.starts.base import StartMethod
from nnactive.pool.view import PoolView

MOST_CLUSTERS = 500
SMALL = 5
"""Patches up to which a cluster counts as too small to be typical of anything."""
NEIGHBOURS = 20
"""Of which a patch's typicality takes the mean distance; of a small cluster, half of it."""
ITERATIONS = 50
"""Of Lloyd's algorithm, at most."""
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles that describe a patch."""


class TypiClust(StartMethod):
    """The most typical patch of each cluster of patches that look alike.

    Hacohen et al. 2022, https://arxiv.org/abs/2202.02794; one of the cold starts that Liu et al.
    2023, https://arxiv.org/abs/2307.12004, compare on volumes. As published: k-means with as many
    clusters as patches are wanted (at most 500); from the largest cluster to the smallest the patch
    with the least mean distance to its 20 nearest neighbours in the cluster, or to as many as half
    of it; round after round. Clusters of up to 5 patches, which the authors leave out, come last.

    Different from both papers, whose features are those of a self-supervised network: patches are
    the tiles of a grid with a random offset (of an image, ``tiles`` drawn at random), described by
    quantiles of their intensities and of the magnitude of their gradient, standardised over the
    pool. So nothing is trained, and the features know less.
    """

    name = "typiclust"
    reference = "Hacohen et al. 2022, https://arxiv.org/abs/2202.02794"

    class Parameters(Method.Parameters):
        """How many patches are compared."""

        tiles: int = Field(default=100, ge=1)
        """Tiles of one image, at most."""

    parameters: Parameters

    def start(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches, in the order of their clusters.

        Raises:
            MethodError: if the images have fewer tiles.
        """
        found = pool.map(lambda case: self.described(pool, case))
        patches = [patch for tiles, _ in found for patch in tiles]
        if len(patches) < n:
            raise MethodError(
                f"the images have {len(patches)} tiles, {n} patches are requested; "
                "allow more tiles or start with fewer patches"
            )
        features = standardised(np.concatenate([rows for _, rows in found]))
        clusters = clustered(features, min(n, MOST_CLUSTERS), pool.rng("clusters"))
        order = typical(features, clusters)
        return [patches[next(order)] for _ in range(n)]

    def described(self, pool: PoolView, case: str) -> tuple[list[Patch], np.ndarray]:
        """Tiles of an image, and their features ``(tiles, 10 C)``."""
        image, rng = pool.image(case), pool.rng("tiles", case)
        taken = pool.labelled_in(case)
        grid = grid_of_tiles(case, pool.patch_size, pool.shape(case), rng)
        tiles = [tile for tile in grid if not overlaps_any(tile, taken)]
        if len(tiles) > self.parameters.tiles:
            drawn = rng.choice(len(tiles), self.parameters.tiles, replace=False)
            tiles = [tiles[index] for index in sorted(drawn.tolist())]
        rows = [appearance(image[:, *tile.slices], pool.spacing) for tile in tiles]
        return tiles, np.array(rows).reshape(len(tiles), 2 * len(SHARES) * len(image))


def appearance(part: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Quantiles of intensities and of the gradient's magnitude per mm, ``(10 C,)``.

    Args:
        part: of an image, ``(C, Z, Y, X)``.
        spacing: voxel size in mm; an axis of one voxel has no gradient.
    """
    found = []
    for channel in part:
        squares = np.zeros(channel.shape)
        for axis, (length, step) in enumerate(zip(channel.shape, spacing, strict=True)):
            if length > 1:
                squares += np.gradient(channel, step, axis=axis) ** 2
        found += [np.quantile(channel, SHARES), np.quantile(np.sqrt(squares), SHARES)]
    return np.concatenate(found)


def standardised(features: np.ndarray) -> np.ndarray:
    """Features ``(N, D)`` with mean 0 and standard deviation 1; constant ones become 0."""
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1))


def clustered(features: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Cluster of each row of ``features`` ``(N, D)`` by k-means, ``(N,)``; some may be empty."""
    from scipy.cluster.vq import kmeans2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an empty cluster
        _, labels = kmeans2(features, k, iter=ITERATIONS, minit="++", rng=rng)
    return np.asarray(labels)


def typical(features: np.ndarray, clusters: np.ndarray) -> Iterator[int]:
    """Indices of all rows: the most typical one of each cluster, round after round.

    Args:
        features: ``(N, D)``.
        clusters: cluster of each row, ``(N,)``.
    """
    names, sizes = np.unique(clusters, return_counts=True)
    by_size = sorted(zip((-sizes).tolist(), names.tolist(), strict=True))
    members = [np.flatnonzero(clusters == name) for _, name in by_size]
    large = [rows for rows in members if len(rows) > SMALL]
    for group in (large, [rows for rows in members if len(rows) <= SMALL]):
        left = dict(enumerate(group))
        while left:
            for place, rows in list(left.items()):
                best = _most_typical(features[rows])
                yield int(rows[best])
                left[place] = np.delete(rows, best)
            left = {place: rows for place, rows in left.items() if len(rows)}


def _most_typical(rows: np.ndarray) -> int:
    """The row of ``(M, D)`` with the least mean distance to its neighbours; ties: the first."""
    from scipy.spatial import cKDTree

    neighbours = min(NEIGHBOURS, len(rows) // 2)
    if not neighbours:
        return 0
    distances, _ = cKDTree(rows).query(rows, neighbours + 1)
    return int(distances[:, 1:].mean(axis=1).argmin())

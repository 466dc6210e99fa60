"""Query patches whose intensities differ most from one another; needs no prediction."""

import numpy as np

from nnactive.geometry import overlaps_any, random_patch
from nnactive.methods import Patch, PoolView, QueryMethod

DRAWS = 200
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


class IntensityCover(QueryMethod):
    """Farthest-first choice by intensity quantiles (Gonzalez 1985, https://doi.org/10.1016/0304-3975(85)90224-5)."""

    name = "intensity_cover"
    needs = frozenset()

    def query(self, pool: PoolView, n: int) -> list[Patch]:
        """Repeatedly choose the patch farthest from all labelled and chosen ones."""
        found = pool.map(lambda case: candidates_in(pool, case))
        patches = [patch for drawn, _, _ in found for patch in drawn]
        features = np.concatenate([of_drawn for _, of_drawn, _ in found])
        distance = np.full(len(patches), np.inf)
        for centre in np.concatenate([of_labelled for _, _, of_labelled in found]):
            distance = np.minimum(distance, np.linalg.norm(features - centre, axis=1))
        chosen: list[Patch] = []
        while len(chosen) < n and np.max(distance, initial=-np.inf) >= 0:
            best = int(distance.argmax())  # ties: the first
            chosen.append(patches[best])
            distance = np.minimum(distance, np.linalg.norm(features - features[best], axis=1))
            distance[[patch.overlaps(chosen[-1]) for patch in patches]] = -np.inf
        return chosen


def candidates_in(pool: PoolView, case: str) -> tuple[list[Patch], np.ndarray, np.ndarray]:
    """Random free patches in one image, their features, and those of its labelled patches."""
    image, labelled, rng = pool.image(case), pool.labelled_in(case), pool.rng("places", case)
    drawn = [random_patch(case, pool.patch_size, pool.shape(case), rng) for _ in range(DRAWS)]
    free = [patch for patch in drawn if not overlaps_any(patch, labelled)]
    return free, quantiles(image, free), quantiles(image, labelled)


def quantiles(image: np.ndarray, patches: list[Patch]) -> np.ndarray:
    """Intensity quantiles of patches per channel, ``(len(patches), 5 C)``."""
    found = [np.quantile(image[:, *p.slices], SHARES, axis=(1, 2, 3)) for p in patches]
    return np.array(found).reshape(len(patches), len(SHARES) * len(image))

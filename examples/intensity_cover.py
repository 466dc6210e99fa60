"""Query patches whose intensities differ most from one another; needs no prediction."""

import numpy as np

from nnactive.methods import FeatureMethod, Patch, PoolView, places

DRAWS = 200
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


class IntensityCover(FeatureMethod):
    """Farthest-first choice by intensity quantiles (Gonzalez 1985, https://doi.org/10.1016/0304-3975(85)90224-5)."""

    name = "intensity_cover"
    needs = frozenset()

    def places(self, pool: PoolView, case: str) -> list[Patch]:
        """Random places free of labelled patches; they may overlap, the chosen ones won't."""
        return places(pool, case, DRAWS, "places", apart=False)

    def features(self, pool: PoolView, case: str, patches: list[Patch]) -> np.ndarray:
        """Intensity quantiles of patches per channel, ``(len(patches), 5 C)``."""
        image = pool.image(case)
        found = [np.quantile(image[:, *p.slices], SHARES, axis=(1, 2, 3)) for p in patches]
        return np.array(found).reshape(len(patches), -1)

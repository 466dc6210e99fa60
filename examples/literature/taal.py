"""TAAL: where mirrored and noisy copies of an image are predicted differently."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from nnactive.methods import (
    Candidate,
    PoolView,
    QueryMethod,
    entropy,
    mutual_information,
)


class Taal(QueryMethod):
    """Jensen-Shannon divergence, with equal weights, between predictions of augmented images."""

    name = "taal"
    reference = "Gaillochet et al. 2022, https://doi.org/10.1007/978-3-031-17027-0_5"

    class Parameters(QueryMethod.Parameters):
        """sigma (0.1): standard deviation of the noise, in units of the normalised image."""

        sigma: Annotated[float, Field(ge=0)] = 0.1

    parameters: Parameters

    def candidates(self, pool: PoolView, case: str) -> list[Candidate]:
        """The best of one image's positions, as every method finds them."""
        image, rng = pool.image(case), pool.rng("augmentation", case)
        total, expected = torch.zeros(()), torch.zeros(())
        augmentations: list[tuple[int, ...]] = [(), (1,), (2,), (3,)]
        for axes in augmentations:
            noise = rng.standard_normal(image.shape, dtype=np.float32) * self.parameters.sigma
            copy = np.flip(image + noise, axes) if axes else image
            mean = pool.predict(case, image=copy).mean.flip(axes)
            total = total + mean / len(augmentations)
            expected = expected + entropy(mean) / len(augmentations)
        return self.best_of_image(mutual_information(total, expected), pool, case)

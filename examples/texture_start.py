"""Start with the patches that have most texture: what is labelled first, from images alone."""

import numpy as np

from nnactive.methods import (
    Candidate,
    Patch,
    PoolView,
    StartMethod,
    best_places,
    patch_means,
    top,
)


class TextureStart(StartMethod):
    """The patches with the steepest mean gradient, about as many of each image."""

    name = "texture_start"

    def start(self, pool: PoolView, n: int) -> list[Patch]:
        """Choose ``n`` patches; nothing is labelled yet, so only images can be looked at."""
        of_each = 1 + n // len(pool.cases)
        found = pool.map(lambda case: steepest(pool, case, of_each))
        return top([candidate for image in found for candidate in image], n)


def steepest(pool: PoolView, case: str, limit: int) -> list[Candidate]:
    """The best places of one image by the gradient's magnitude per mm, all channels together."""
    image, shape = pool.image(case), pool.shape(case)
    squares = np.zeros(shape, dtype=np.float32)
    for axis, (length, step) in enumerate(zip(shape, pool.spacing, strict=True)):
        if length > 1:
            squares += (np.gradient(image, step, axis=axis + 1) ** 2).sum(axis=0)
    means = patch_means(np.sqrt(squares), pool.patch_size, pool.stride)
    return best_places(case, means, shape, pool.patch_size, pool.stride, [], limit)

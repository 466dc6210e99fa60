"""How many patches find room in an image: certainly, and at most.

All patches of an image have one size, so both bounds are products over the axes. With ``n`` voxels,
patches of ``p`` and ``m = n - p + 1`` starts on an axis:

- at most ``floor(n / p)``: the voxels ``p - 1, 2 p - 1, ...`` are in one patch each, and every
  patch has one of them;
- a patch bars at most ``2 p - 1`` starts, so ``ceil(m / (2 p - 1))`` patches must lie somewhere
  before no start is left: the starts ``0, 2 p - 1, ...`` need one patch each.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nnactive.geometry import Patch, clip_size

FREE: Final = 0.05
"""Share of an image's starts that must be free for draws to find one: 600 draws all miss with a
probability of 4e-14."""


@dataclass(frozen=True)
class Places:
    """Patches that one image can take."""

    certain: int
    """While fewer patches lie in the image, wherever they are, a search finds another place."""
    most: int
    """Patches found by searches that can lie in the image together."""


def drawn_places(shape: Sequence[int], size: Sequence[int]) -> Places:
    """Places for a search that draws starts, as random does.

    Args:
        shape: the image's ``(Z, Y, X)``.
        size: query patch size, clipped to the image.
    """
    barred = 1.0
    for n, p in zip(shape, clip_size(size, shape), strict=True):
        starts = n - p + 1
        barred *= min(2 * p - 1, starts) / starts
    return Places(math.floor((1 - FREE) / barred) + 1, most_places(shape, size))


def grid_places(shape: Sequence[int], size: Sequence[int], stride: Sequence[int]) -> Places:
    """Places for a full search of the starts ``0, s, 2 s, ...``.

    Args:
        shape: the image's ``(Z, Y, X)``.
        size: query patch size, clipped to the image.
        stride: ``s`` on each axis.
    """
    certain = most = 1
    for n, p, s in zip(shape, clip_size(size, shape), stride, strict=True):
        positions = (n - p) // s + 1
        certain *= -(-positions // -(-(2 * p - 1) // s))
        most *= -(-positions // -(-p // s))
    return Places(certain, most)


def most_places(shape: Sequence[int], size: Sequence[int]) -> int:
    """The number of patches that fit into an image together, however they are placed."""
    return math.prod(n // p for n, p in zip(shape, clip_size(size, shape), strict=True))


def leaves_none(box: Patch, shape: Sequence[int], size: Sequence[int]) -> bool:
    """Whether no patch finds room in an image beside a box.

    Args:
        box: what is taken, of any size.
        shape: the image's ``(Z, Y, X)``.
        size: query patch size, clipped to the image.
    """
    return all(
        start < p and stop > n - p
        for start, stop, p, n in zip(
            box.start, box.stop, clip_size(size, shape), shape, strict=True
        )
    )


def tiles(shape: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """The fewest tiles of a grid with a random offset, and how many of them a patch can meet."""
    fewest = meets = 1
    for n, p in zip(shape, clip_size(size, shape), strict=True):
        starts = n - p + 1
        fewest *= -(-(starts - min(p, starts) + 1) // p)
        meets *= min(2, n // p)
    return fewest, meets


def supply(images: Iterable[tuple[int, int]], spent: int) -> int:
    """Patches that images certainly put forward, wherever ``spent`` ones were placed before.

    Args:
        images: for each image, what it puts forward while it is empty, and the number of patches
            that must lie in it before it puts forward nothing; in between, each patch costs it at
            most the same share.
        spent: patches placed before, over all images.
    """
    useful = [(gives, lasts) for gives, lasts in images if gives > 0]
    total = sum(gives for gives, _ in useful)
    # The worst distribution empties the images that lose most with each patch.
    lost, left = 0.0, spent
    for gives, lasts in sorted(useful, key=lambda image: image[1] / image[0]):
        used = min(left, lasts)
        lost += gives * used / lasts
        left -= used
        if not left:
            break
    return max(0, total - math.floor(lost + 1e-6))

"""Small structures that an annotator passes over."""

from collections.abc import Callable, Iterator
from math import prod

import numpy as np

from nnactive.geometry import Spacing

EVERY = np.ones((3, 3, 3), dtype=bool)
"""Voxels that share a corner belong together."""
Box = tuple[slice, slice, slice]


def without_missed(
    label: np.ndarray,
    spacing: Spacing,
    below: float,
    missed: Callable[[int, int], bool],
) -> np.ndarray:
    """A label map without the small components that were missed.

    A component is a connected set (26 neighbours) of a foreground class in the whole image, so what
    is missed doesn't depend on the patches. Its voxels get the label that most voxels around it
    have: a cyst that was missed is kidney.

    Args:
        label: complete label map of one case, ``(Z, Y, X)``; stays as it is.
        spacing: mm, (z, y, x).
        below: volume in mm^3 from which nothing is missed.
        missed: whether a component is missed, by its class and the flat index of its first voxel.

    Returns:
        ``label`` itself if nothing is missed, otherwise a copy.
    """
    found = label
    for value, box, component in _small(label, below / prod(spacing)):
        places = np.argwhere(component)[0] + [side.start for side in box]
        if missed(value, int(np.ravel_multi_index(tuple(places), label.shape))):
            if found is label:
                found = label.copy()
            found[box][component] = _around(label, box, component)
    return found


def _small(label: np.ndarray, voxels: float) -> Iterator[tuple[int, Box, np.ndarray]]:
    """Class, box and mask of each component of fewer voxels; a class at a time, in its own box."""
    from scipy import ndimage

    for value, outer in enumerate(ndimage.find_objects(label), start=1):
        if outer is None:
            continue
        numbered, _ = ndimage.label(label[outer] == value, structure=EVERY)
        sizes = np.bincount(numbered.ravel())
        for number, inner in enumerate(ndimage.find_objects(numbered), start=1):
            if sizes[number] < voxels:
                z, y, x = (
                    slice(a.start + b.start, a.start + b.stop)
                    for a, b in zip(outer, inner, strict=True)
                )
                yield value, (z, y, x), numbered[inner] == number


def _around(label: np.ndarray, box: Box, component: np.ndarray) -> int:
    """The label that most voxels around a component have; the lowest of several, 0 of none."""
    from scipy import ndimage

    wide = tuple(
        slice(max(side.start - 1, 0), min(side.stop + 1, n))
        for side, n in zip(box, label.shape, strict=True)
    )
    inner = np.zeros([side.stop - side.start for side in wide], dtype=bool)
    place = tuple(
        slice(side.start - outer.start, side.stop - outer.start)
        for side, outer in zip(box, wide, strict=True)
    )
    inner[place] = component
    shell = ndimage.binary_dilation(inner, structure=EVERY) & ~inner
    values = label[wide][shell]
    return int(np.bincount(values.clip(min=0)).argmax()) if values.size else 0

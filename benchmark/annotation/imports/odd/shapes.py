"""What is odd about a patch's labels, though they may be right: in words, with the place."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from nnactive.labels import CONNECTIVITY

SPECK: Final = 0.01
"""A component is a leftover below this share of the class's largest one in the patch ..."""
SPECK_VOXELS: Final = 12
"""... and at most of so many voxels."""
HOLE_VOXELS: Final = 12
FULL: Final = 0.995
"""Share of the patch from which a class fills it."""


def remarks(box: np.ndarray, classes: tuple[str, ...], corner: tuple[int, int, int]) -> list[str]:
    """What looks unlikely in a patch's labels.

    Args:
        box: uint8 ``(Z, Y, X)``.
        classes: all class names, background first.
        corner: the box's first voxel in the file that the person sees, (z, y, x).
    """
    found: list[str] = []
    for label in np.unique(box[box > 0]).tolist():
        mask, name = box == label, classes[label]
        if mask.mean() >= FULL:
            found.append(f"{name} fills it: {mask.mean():.1%} of its voxels")
            continue
        found += [f"{text}, at {_at(place, corner)}" for text, place in _specks(mask, name)]
        found += [f"{text}, at {_at(place, corner)}" for text, place in _holes(box, mask, name)]
    return found


def _specks(mask: np.ndarray, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Tiny components beside a much larger one of the class."""
    import cc3d

    parts, count = cc3d.connected_components(mask, connectivity=CONNECTIVITY, return_N=True)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    if count < 2:  # noqa: PLR2004
        return
    tiny = np.flatnonzero((sizes <= SPECK_VOXELS) & (sizes < SPECK * sizes.max())) + 1
    if not tiny.size:
        return
    smallest = sorted(int(sizes[n - 1]) for n in tiny)
    size = f"{smallest[0]}" if len(tiny) == 1 else f"{smallest[0]} to {smallest[-1]}"
    what = "a speck" if len(tiny) == 1 else f"{len(tiny)} specks"
    voxels = f"{size} voxel{'s' if smallest[-1] > 1 else ''}"
    place = np.argwhere(np.isin(parts, tiny))[0]
    yield f"{what} of {name} ({voxels}) beside one of {sizes.max():,}", place


def _holes(box: np.ndarray, mask: np.ndarray, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Tiny holes of background in a class."""
    import cc3d
    from scipy.ndimage import binary_fill_holes

    inside = binary_fill_holes(mask) & (box == 0)
    if not inside.any():
        return
    parts, count = cc3d.connected_components(inside, connectivity=6, return_N=True)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    tiny = np.flatnonzero(sizes <= HOLE_VOXELS) + 1
    if tiny.size:
        voxels = int(sizes[tiny - 1].sum())
        what = "a hole" if len(tiny) == 1 else f"{len(tiny)} holes"
        yield (
            f"{what} of background in {name} ({voxels} voxel{'s' if voxels > 1 else ''})",
            np.argwhere(np.isin(parts, tiny))[0],
        )


def _at(place: np.ndarray, corner: tuple[int, int, int]) -> str:
    z, y, x = (int(a + b) for a, b in zip(place, corner, strict=True))
    return f"z {z}, y {y}, x {x}"

"""One patch on the plane through its centre: image around it, its outline, labels inside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.pictures.colours import EDGE, OUTLINE
from benchmark.pictures.raster import contours, fitted, outline, shaded, squared, stretched
from nnactive.anatomy.views import View
from nnactive.geometry import Patch, Spacing, Triple, as_triple


@dataclass(frozen=True)
class Surroundings:
    """A patch and the part of its image around it."""

    image: np.ndarray
    """First channel, ``(Z, Y, X)``, each value in [0, 1]."""
    label: np.ndarray
    """Labels inside the patch, 0 elsewhere, ``(Z, Y, X)``."""
    start: Triple
    """Of the patch, within these arrays."""
    size: Triple
    """Of the patch."""
    spacing: Spacing


def around(patch: Patch, shape: Triple, spacing: Spacing, factor: float) -> tuple[slice, ...]:
    """The box around a patch, as wide in mm on each axis as its longest side times ``factor``.

    It is cut at the image's edges.
    """
    longest = max(n * mm for n, mm in zip(patch.size, spacing, strict=True)) * factor
    found = []
    for start, size, extent, mm in zip(patch.start, patch.size, shape, spacing, strict=True):
        half = max(size / 2, longest / mm / 2)
        middle = start + size / 2
        found.append(slice(max(0, round(middle - half)), min(extent, round(middle + half))))
    return tuple(found)


def tile(scene: Surroundings, view: View, pixels: int, thick: int = 1) -> np.ndarray:
    """The plane through the patch's centre, uint8 ``(pixels, pixels, 3)``.

    Args:
        scene: the patch and what is around it.
        view: the plane, and which way it is looked at.
        pixels: side of the square; what the image leaves of it is black.
        thick: pixels of the patch's outline and of contours.
    """
    at = scene.start[view.axis] + scene.size[view.axis] // 2
    shape, start, size = (
        np.multiply(voxels, scene.spacing).tolist()
        for voxels in (scene.image.shape, scene.start, scene.size)
    )
    height, width, scale = fitted([shape[view.rows], shape[view.columns]], pixels)
    plane, label = (
        stretched(view.upright(np.take(array, at, view.axis)), height, width)
        for array in (scene.image, scene.label)
    )
    shade = shaded(plane)
    contours(shade, label, thick)
    top, left, tall, wide = (mm * scale for mm in view.box(start, size, shape))
    out = 1 + (thick if thick > 1 else 0)
    outline(shade, (top - out, left - out, tall + 2 * out, wide + 2 * out), EDGE)
    outline(shade, (top, left, tall, wide), OUTLINE, thick)
    return squared(shade, pixels)


def cut(
    patch: Patch, image: np.ndarray, label: np.ndarray, spacing: Spacing, box: Sequence[slice]
) -> Surroundings:
    """A patch's surroundings.

    Args:
        patch: the patch.
        image: in [0, 1], ``(Z, Y, X)``, of the box.
        label: likewise; what lies outside the patch isn't shown.
        spacing: mm.
        box: where the arrays lie in the case.
    """
    start = as_triple(a - b.start for a, b in zip(patch.start, box, strict=True))
    inside = tuple(slice(a, a + n) for a, n in zip(start, patch.size, strict=True))
    labelled = np.zeros(label.shape, np.int16)
    labelled[inside] = label[inside]
    return Surroundings(image, labelled, start, patch.size, spacing)

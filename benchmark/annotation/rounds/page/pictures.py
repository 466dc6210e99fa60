"""A patch in pictures: three planes through its centre, with its box and the draft's contours."""

import io
from typing import Final

import numpy as np

from benchmark.annotation.project.model import Project
from benchmark.annotation.rounds.layout import grown, within
from benchmark.pictures.marks import GAP, lettered
from benchmark.pictures.tiles import Surroundings, tile
from benchmark.pictures.windows import SHARES, SOFT_TISSUE, windowed
from nnactive.anatomy.axes import towards
from nnactive.anatomy.views import View, views
from nnactive.data.card_fields import Scheme
from nnactive.data.unlabelled.source import Box, Grid
from nnactive.geometry import Triple, as_triple

PIXELS: Final = 208
"""Side of a tile."""
WIDTH: Final = 3 * PIXELS + 2 * GAP
HEIGHT: Final = PIXELS
"""Of a patch's picture, in pixels."""
THICK: Final = 2
QUALITY: Final = 82
SAMPLES: Final = 1_000_000
"""Voxels of an image that its window is taken from."""


def shades_of(image: np.ndarray, scheme: Scheme) -> tuple[float, float]:
    """Intensities that are black and white.

    Args:
        image: as in its file, ``(Z, Y, X)``.
        scheme: the channel's normalisation; ``ct`` has Hounsfield units.
    """
    step = max(1, round((image.size / SAMPLES) ** (1 / 3)))
    low, high = np.percentile(image[::step, ::step, ::step], SHARES)
    if scheme == "ct":
        black, white = max(SOFT_TISSUE[0], float(low)), min(SOFT_TISSUE[1], float(high))
        if black < white:
            return black, white
    return float(low), float(high)


def strip(
    image: np.ndarray,
    label: np.ndarray,
    grid: Grid,
    crop: Box,
    box: Box,
    window: tuple[float, float],
    project: Project,
) -> bytes:
    """A WebP picture of the axial, the coronal and the sagittal plane, side by side.

    Args:
        image: first channel of the crop, ``(Z, Y, X)``.
        label: the crop's draft; its contours go on outside the box.
        grid: of the whole image.
        crop: where the arrays lie in it.
        box: the patch's.
        window: intensities that are black and white.
        project: for the context that is shown.
    """
    from PIL import Image

    seen = grown(grid, box, project.context_mm)
    start = as_triple(max(a, b) for a, b in zip(seen.start, crop.start, strict=True))
    stop = as_triple(min(a, b) for a, b in zip(seen.stop, crop.stop, strict=True))
    seen = Box(start=start, size=as_triple(np.subtract(stop, start)))
    part = within(crop, seen).slices
    inside = within(seen, box)
    row = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for number, view in enumerate(views(towards(grid.direction))):
        slab = _slab(image[part], label[part], inside, view, grid, window)
        left = number * (PIXELS + GAP)
        row[:, left : left + PIXELS] = lettered(tile(slab, view, PIXELS, THICK), view)
    file = io.BytesIO()
    Image.fromarray(row).save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()


def _slab(
    image: np.ndarray,
    label: np.ndarray,
    box: Box,
    view: View,
    grid: Grid,
    window: tuple[float, float],
) -> Surroundings:
    """The plane through a box's centre, as an array of one voxel's thickness."""
    at = box.start[view.axis] + box.size[view.axis] // 2
    cut = [slice(None)] * 3
    cut[view.axis] = slice(at, at + 1)
    plane = tuple(cut)

    def flat(values: Triple, value: int) -> Triple:
        return as_triple(value if axis == view.axis else n for axis, n in enumerate(values))

    start, size = flat(box.start, 0), flat(box.size, 1)
    drawn = label[plane].astype(np.int16)
    return Surroundings(windowed(image[plane], *window), drawn, start, size, grid.spacing)

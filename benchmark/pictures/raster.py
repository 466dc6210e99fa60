"""Planes as pixels: stretched to their true proportions, with contours and outlines.

A plane here is upright already: its first row is at the top.
"""

from collections.abc import Sequence

import numpy as np

from benchmark.pictures.colours import class_colours

Box = tuple[float, float, float, float]
"""Top, left, height and width."""


def fitted(extent: Sequence[float], pixels: int) -> tuple[int, int, float]:
    """Height and width in pixels, and pixels per mm, so that the longer side takes ``pixels``.

    Args:
        extent: height and width in mm.
        pixels: of the longer side.
    """
    scale = pixels / max(extent)
    height, width = (max(1, min(pixels, round(mm * scale))) for mm in extent)
    return height, width, scale


def stretched(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Nearest neighbours: a voxel stays a voxel, and labels stay labels."""
    rows, columns = (
        np.minimum((np.arange(n) + 0.5) * extent / n, extent - 1).astype(int)
        for n, extent in zip((height, width), plane.shape, strict=False)
    )
    found: np.ndarray = plane[np.ix_(rows, columns)]
    return found


def shaded(grey: np.ndarray) -> np.ndarray:
    """Shades in [0, 1] as uint8 ``(rows, columns, 3)``."""
    return np.repeat((grey * 255).round().astype(np.uint8)[..., None], 3, axis=2)


def filled(shade: np.ndarray, label: np.ndarray, opacity: float) -> None:
    """Tint each foreground pixel in its class's colour."""
    inside = label > 0
    mixed = (1 - opacity) * shade[inside] + opacity * class_colours(label[inside])
    shade[inside] = mixed.round().astype(np.uint8)


def contours(shade: np.ndarray, label: np.ndarray, thick: int = 1) -> None:
    """Colour each foreground pixel with another label at most ``thick`` pixels away."""
    edge = np.zeros(label.shape, bool)
    for step in range(1, thick + 1):
        padded = np.pad(label, step, mode="edge")
        middle = slice(step, -step)
        first, last = slice(None, -2 * step), slice(2 * step, None)
        for other in ((first, middle), (last, middle), (middle, first), (middle, last)):
            edge |= padded[other] != label
    edge &= label > 0
    shade[edge] = class_colours(label[edge])


def outline(shade: np.ndarray, box: Box, colour: Sequence[int], thick: int = 1) -> None:
    """Draw the edge of a box in pixels; a thicker one than a pixel is drawn around the box."""
    out = thick if thick > 1 else 0
    top, left, height, width = (n + way * out for n, way in zip(box, (-1, -1, 2, 2), strict=True))
    (top, bottom), (left, right) = (
        (min(max(round(start), 0), n - 1), min(max(round(start + size) - 1, 0), n - 1))
        for start, size, n in zip((top, left), (height, width), shade.shape, strict=False)
    )
    for inset in range(min(thick, (bottom - top) // 2 + 1, (right - left) // 2 + 1)):
        rows, columns = [top + inset, bottom - inset], [left + inset, right - inset]
        shade[rows, columns[0] : columns[1] + 1] = colour
        shade[rows[0] : rows[1] + 1, columns] = colour


def squared(shade: np.ndarray, pixels: int) -> np.ndarray:
    """A picture in the middle of a black square, uint8 ``(pixels, pixels, 3)``."""
    height, width = shade.shape[:2]
    square = np.zeros((pixels, pixels, 3), np.uint8)
    top, left = (pixels - height) // 2, (pixels - width) // 2
    square[top : top + height, left : left + width] = shade
    return square

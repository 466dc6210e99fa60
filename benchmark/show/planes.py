"""Pictures of one plane through an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.pictures.marks import lettered
from benchmark.pictures.raster import contours, filled, fitted, shaded, squared, stretched
from benchmark.show.page import Figure, Picture
from nnactive.anatomy.views import View
from nnactive.geometry import Spacing

PIXELS = 240
"""Side of a picture."""
OPACITY = 0.3
"""Of labels."""
CONTOUR = 2
"""Pixels of their contours."""


@dataclass(frozen=True)
class Plane:
    """One plane through an image, with a label map on it."""

    view: View
    at: int
    spacing: Spacing

    @classmethod
    def of(cls, view: View, label: np.ndarray, spacing: Spacing) -> "Plane":
        """The plane with most foreground classes, and of these the one with most foreground."""
        side = np.moveaxis(label, view.axis, 0).reshape(label.shape[view.axis], -1)
        classes = [len(np.unique(cut[cut > 0])) for cut in side]
        voxels = (side > 0).sum(axis=1)
        best = max(range(len(side)), key=lambda n: (classes[n], voxels[n]))
        at = best if voxels.any() else len(side) // 2
        return cls(view, at, spacing)

    def drawn(self, image: np.ndarray, label: np.ndarray | None) -> np.ndarray:
        """The plane of shades ``(Z, Y, X)`` with a label map on it."""
        extent = [image.shape[n] * self.spacing[n] for n in (self.view.rows, self.view.columns)]
        height, width, _ = fitted(extent, PIXELS)
        arrays = (image,) if label is None else (image, label)
        plane, *labels = (
            stretched(self.view.upright(np.take(each, self.at, self.view.axis)), height, width)
            for each in arrays
        )
        shade = shaded(plane)
        for each in labels:
            filled(shade, each, OPACITY)
            contours(shade, each, CONTOUR)
        return lettered(squared(shade, PIXELS), self.view)


def plane_figure(
    view: View,
    at: int,
    case: str,
    pictures: Sequence[np.ndarray],
    names: Sequence[str],
    captions: Sequence[str],
) -> Figure:
    """A plane's pictures beside one another.

    Args:
        view: which plane.
        at: where on its axis, in voxels.
        case: the image.
        pictures: uint8 ``(rows, columns, 3)``.
        names: what each shows, for those who can't see it.
        captions: below each.
    """
    shown = [
        Picture(pixels, f"{name} of {case}, {view.name} plane", caption)
        for pixels, name, caption in zip(pictures, names, captions, strict=True)
    ]
    return Figure(view.name.capitalize(), f"plane, {'zyx'[view.axis]} = {at}", shown)

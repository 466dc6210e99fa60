"""Parts of images as files: the voxels and the geometry that the image has, and nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from nnactive.data.unlabelled.source import Box, Grid

if TYPE_CHECKING:
    import SimpleITK

COMPRESSION: Final = 1
"""Fast: the files are temporary, and higher levels save some per cent of CT."""


def cut(image: "SimpleITK.Image", box: Box) -> "SimpleITK.Image":
    """A part of an image; its place in the body stays the same.

    Args:
        image: three-dimensional, of any pixel type.
        box: in its voxels, (z, y, x).
    """
    import SimpleITK

    part = SimpleITK.RegionOfInterest(image, box.size[::-1], box.start[::-1])
    for key in part.GetMetaDataKeys():
        part.EraseMetaData(key)
    return part


def placed(array: np.ndarray, grid: Grid, box: Box) -> "SimpleITK.Image":
    """An array ``(Z, Y, X)`` as the part of an image that it is.

    Args:
        array: voxels of the box.
        grid: of the whole image.
        box: in voxels of the image.
    """
    import SimpleITK

    direction = np.reshape(grid.direction, (3, 3))
    spacing = np.array(grid.spacing[::-1])
    origin = np.array(grid.origin) + direction @ (spacing * box.start[::-1])
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(origin.tolist())
    image.SetDirection(direction.ravel().tolist())
    return image


def save(image: "SimpleITK.Image", path: Path) -> None:
    """Write an image, compressed."""
    import SimpleITK

    SimpleITK.WriteImage(image, str(path), useCompression=True, compressionLevel=COMPRESSION)

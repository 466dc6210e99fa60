"""Label maps in the grid of an image's own file."""

from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.data.unlabelled.source import Grid
from nnactive.io.files import atomic_path

if TYPE_CHECKING:
    import numpy as np
    import SimpleITK

ENDING = ".nii.gz"


def write_labels(file: Path, labels: "np.ndarray", grid: Grid) -> None:
    """Write labels ``(Z, Y, X)`` atomically, in an image's grid."""
    import SimpleITK

    image = SimpleITK.GetImageFromArray(labels)
    image.SetSpacing(grid.spacing[::-1])
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction)
    write_image(file, image)


def write_image(file: Path, image: "SimpleITK.Image") -> None:
    """Write an image atomically, compressed."""
    import SimpleITK

    with atomic_path(file) as draft:
        SimpleITK.WriteImage(image, draft, useCompression=True)

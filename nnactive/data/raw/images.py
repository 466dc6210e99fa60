"""Image files: the one place that handles axis order, spacing, orientation and geometry.

SimpleITK and its files order axes (x, y, z); arrays and everything else here are (z, y, x). Axes
stay as in the file: no image is reoriented, and physical space matters only when an image is
compared with its label.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnactive.data.raw.integrity import check_header, check_whole
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.files import atomic_path

if TYPE_CHECKING:
    import SimpleITK

SPACING_TOLERANCE = 1e-3
"""mm, and for the entries of the direction matrix."""
ORIGIN_TOLERANCE = 1e-2
"""mm."""
DIMENSIONS = 3
COMPRESSION = 1
"""Fast, because these files are read only once more."""


@dataclass(frozen=True)
class Volume:
    """One image, as read by nnU-Net's SimpleITKIO."""

    array: np.ndarray
    """float32 ``(Z, Y, X)``."""
    spacing: Spacing
    """mm, (z, y, x)."""
    origin: tuple[float, ...]
    """mm, in the file's axis order (x, y, z)."""
    direction: tuple[float, ...]
    """Row-major 3 x 3 matrix of the file's axes."""


def read_image(path: Path) -> "SimpleITK.Image":
    """Read a three-dimensional image file.

    Raises:
        UserError: the file is damaged, contains NaN or isn't a single three-dimensional image.
    """
    import SimpleITK

    check_whole(path)
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(flag=False)
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise UserError(
            f"{path}: not a readable image ({_reason(error)}); copy or download it again, or "
            "convert it to NIfTI-1 with perpendicular axes"
        ) from None
    if image.GetDimension() != DIMENSIONS or image.GetNumberOfComponentsPerPixel() != 1:
        size = tuple(reversed(image.GetSize()))
        raise UserError(
            f"{path}: not a single three-dimensional image (size {size}, "
            f"{image.GetNumberOfComponentsPerPixel()} values per voxel); give one file per channel"
        )
    return image


def volume_of(image: "SimpleITK.Image") -> Volume:
    """Voxels and geometry of an image."""
    import SimpleITK

    z, y, x = (float(s) for s in reversed(image.GetSpacing()))
    array = SimpleITK.GetArrayFromImage(image).astype(np.float32)
    return Volume(array, (z, y, x), image.GetOrigin(), image.GetDirection())


def read_volume(path: Path) -> Volume:
    """Voxels and geometry of a file; errors as ``read_image``."""
    return volume_of(read_image(path))


def with_geometry_of(image: "SimpleITK.Image", array: np.ndarray) -> "SimpleITK.Image":
    """``array`` ``(Z, Y, X)`` as an image with the geometry of ``image``."""
    import SimpleITK

    result = SimpleITK.GetImageFromArray(array)
    result.CopyInformation(image)
    return result


def write_image(path: Path, image: "SimpleITK.Image") -> None:
    """Write a compressed NIfTI file in one step."""
    import SimpleITK

    with atomic_path(path) as draft:
        SimpleITK.WriteImage(image, str(draft), useCompression=True, compressionLevel=COMPRESSION)


def read_header(path: Path) -> tuple[Triple, Spacing]:
    """Size in voxels and spacing in mm, both (z, y, x), without the voxels.

    Raises:
        UserError: the file isn't a single three-dimensional image.
    """
    import SimpleITK

    check_header(path)
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(flag=False)
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        z, y, x = (float(s) for s in reversed(reader.GetSpacing()))
        return as_triple(tuple(reversed(reader.GetSize()))), (z, y, x)
    except (RuntimeError, ValueError):
        raise UserError(
            f"{path}: not a readable three-dimensional image; copy or download it again"
        ) from None


def _reason(error: RuntimeError) -> str:
    """ITK's message without the place in its sources."""
    said = re.sub(r"^.*?ERROR: ", "", " ".join(str(error).split()))
    return re.sub(r"\s*\(0x[0-9a-f]+\)|[.!\s]+$", "", said)


def check_geometry(path: Path, image: Volume, label_path: Path, label: Volume) -> None:
    """Check that an image and its label share a grid, up to rounding.

    Raises:
        UserError: they don't; names the image's file and both values.
    """

    def differ(a: tuple[float, ...], b: tuple[float, ...], tolerance: float) -> bool:
        return len(a) != len(b) or not np.allclose(a, b, rtol=0, atol=tolerance)

    what = None
    if image.array.shape != label.array.shape:
        what = f"size {image.array.shape} against {label.array.shape} (z, y, x)"
    elif differ(image.spacing, label.spacing, SPACING_TOLERANCE):
        what = f"spacing {image.spacing} against {label.spacing} mm (z, y, x)"
    elif differ(image.origin, label.origin, ORIGIN_TOLERANCE):
        what = f"origin {image.origin} against {label.origin} mm"
    elif differ(image.direction, label.direction, SPACING_TOLERANCE):
        what = f"direction {image.direction} against {label.direction}"
    if what is not None:
        raise UserError(f"{path}: doesn't match {label_path}: {what}; replace the wrong one")

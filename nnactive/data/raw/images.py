"""Image files: the one place that handles axis order, spacing, orientation and geometry.

SimpleITK and its files order axes (x, y, z); arrays and everything else here are (z, y, x). Axes
stay as in the file: no image is reoriented, and physical space matters only when an image is
compared with its label (``grids``).
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnactive.data.raw.files.formats import TIFF
from nnactive.data.raw.files.integrity import check_header, check_whole, file_notes
from nnactive.data.raw.files.locales import same_locale
from nnactive.data.raw.files.notes import Note
from nnactive.data.raw.files.tiff import read_spacing, read_tiff, tiff_shape
from nnactive.data.raw.files.volumes import Volume, dimension_problem
from nnactive.data.raw.grids import check_perpendicular
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.files import atomic_path

if TYPE_CHECKING:
    import SimpleITK

COMPRESSION = 1
"""Fast, because these files are read only once more."""
LARGEST = 1e15
"""Largest intensity: the squares of more, summed over an image, leave float32."""


def read_image(path: Path) -> "SimpleITK.Image":
    """Read a three-dimensional image file; notes on it are left to ``read_volume``.

    Raises:
        UserError: the format isn't on the list, the file or one that belongs to it is missing or
            damaged, contains NaN or isn't a single three-dimensional image.
    """
    return _checked_image(path)[0]


def check_voxels(path: Path, image: "SimpleITK.Image") -> None:
    """Refuse axes that aren't perpendicular, and values that no statistics can hold.

    Raises:
        UserError: it has them; names the file.
    """
    import SimpleITK

    check_perpendicular(path, grid_of(image))
    check_finite(path, SimpleITK.GetArrayViewFromImage(image))


def _checked_image(path: Path) -> "tuple[SimpleITK.Image, tuple[Note, ...]]":
    import SimpleITK

    notes = check_whole(path)
    if path.suffix in TIFF:
        array, (z, y, x) = read_tiff(path)
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing((x, y, z))
    else:
        image = read_with_itk(path)
        check_dimensions(path, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    check_voxels(path, image)
    return image, notes


def check_finite(path: Path, array: np.ndarray) -> None:
    """Refuse an image that contains NaN, infinite values, or such as no statistics can hold.

    Raises:
        UserError: it does; names the file.
    """
    low, high = array.min(), array.max()
    if low >= -LARGEST and high <= LARGEST:  # false for NaN
        return
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UserError(f"{path}: contains NaN or infinite values; fix or replace it")
    raise UserError(
        f"{path}: has values from {low:g} to {high:g}, but at most {LARGEST:g} can be normalised; "
        "replace those that mark missing voxels, or rescale it"
    )


def read_with_itk(path: Path) -> "SimpleITK.Image":
    """Whatever SimpleITK reads from a file, of any dimension; only that it does is checked.

    Raises:
        UserError: it doesn't; names the file.
    """
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(flag=False)
    try:
        with same_locale():
            return SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise unreadable(path, error) from None


def check_dimensions(path: Path, size: tuple[int, ...], values: int) -> None:
    """Refuse what isn't a single three-dimensional image.

    Args:
        path: the file.
        size: voxels per axis, (x, y, z).
        values: numbers per voxel.

    Raises:
        UserError: it isn't; names the file.
    """
    if problem := dimension_problem(tuple(reversed(size)), values):
        raise UserError(f"{path}: {problem}")


def volume_of(image: "SimpleITK.Image") -> Volume:
    """Voxels and geometry of an image."""
    import SimpleITK

    array = SimpleITK.GetArrayFromImage(image).astype(np.float32)
    return replace(grid_of(image), array=array)


def grid_of(image: "SimpleITK.Image") -> Volume:
    """The geometry of an image; its voxels as they are, not to be kept or changed."""
    import SimpleITK

    z, y, x = (float(s) for s in reversed(image.GetSpacing()))
    array = SimpleITK.GetArrayViewFromImage(image)
    return Volume(array, (z, y, x), image.GetOrigin(), image.GetDirection())


def read_volume(path: Path) -> Volume:
    """Voxels and geometry of a file, and notes on it; errors as ``read_image``."""
    image, notes = _checked_image(path)
    return replace(volume_of(image), notes=(*notes, *file_notes(path)))


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
    check_header(path)
    if path.suffix in TIFF:
        return as_triple(tiff_shape(path)), read_spacing(path)
    reader = header_with_itk(path)
    check_dimensions(path, reader.GetSize(), reader.GetNumberOfComponents())
    z, y, x = (float(s) for s in reversed(reader.GetSpacing()))
    return as_triple(tuple(reversed(reader.GetSize()))), (z, y, x)


def read_direction(path: Path) -> tuple[float, ...] | None:
    """SimpleITK's direction matrix, row-major 3 x 3, without the voxels; None: the format has none.

    Raises:
        UserError: the file isn't a readable image.
    """
    return None if path.suffix in TIFF else tuple(header_with_itk(path).GetDirection())


def header_with_itk(path: Path) -> "SimpleITK.ImageFileReader":
    """A reader that has read the header of a file; raises as `read_with_itk`."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(flag=False)
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with same_locale():
            reader.ReadImageInformation()
    except RuntimeError as error:
        raise unreadable(path, error) from None
    return reader


def unreadable(path: Path, error: RuntimeError) -> UserError:
    """The error for a file that SimpleITK doesn't read, with its reason."""
    if "orthonormal" in str(error):
        return UserError(
            f"{path}: its axes aren't perpendicular (sform of its header); resample it to a grid "
            "with perpendicular axes"
        )
    return UserError(
        f"{path}: not a readable image ({_reason(error)}); copy or download it again, or "
        "convert it to NIfTI-1 with perpendicular axes"
    )


def _reason(error: RuntimeError) -> str:
    """ITK's message without the place in its sources, and of a chain of NRRD's the last one."""
    said = re.sub(r"^.*?ERROR: ", "", " ".join(str(error).split()))
    said = re.sub(r"^.*\[nrrd\] \w+: ", "", said)
    return re.sub(r"\s*\(0x[0-9a-f]+\)|[.!\s]+$", "", said)

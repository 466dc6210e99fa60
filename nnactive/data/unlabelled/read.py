"""Reading images that nobody has labelled: as their files have them, but without metadata."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnactive.data.raw.files.formats import ENDINGS, TIFF
from nnactive.data.raw.files.integrity import check_header, check_whole
from nnactive.data.raw.files.tiff import read_spacing, tiff_shape
from nnactive.data.raw.files.volumes import DIMENSIONS, Volume
from nnactive.data.raw.grids import check_geometry, check_perpendicular
from nnactive.data.raw.images import (
    check_dimensions,
    check_voxels,
    grid_of,
    header_with_itk,
    read_image,
    read_with_itk,
)
from nnactive.data.raw.missing import file_problem
from nnactive.data.unlabelled.dicom.series import read_series, read_stack
from nnactive.data.unlabelled.source import Grid, Image
from nnactive.errors import UserError
from nnactive.geometry import as_triple

if TYPE_CHECKING:
    import SimpleITK

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def read_channels(folder: Path, image: Image) -> "list[SimpleITK.Image]":
    """Read all channels of an image.

    Args:
        folder: the images' folder.
        image: from `find_images`.

    Returns:
        One three-dimensional image a channel, of its file's pixel type, all in the first one's grid
        and without metadata. A fourth axis of one volume is dropped; axes stay as they are.

    Raises:
        UserError: a file is missing, damaged, not a single volume, not finite or not on the grid
            of the first channel; or every voxel of every channel is 0. Names the file.
    """
    import SimpleITK

    paths = [folder / file for file in image.files]
    if image.series is not None:
        channels = [read_series(paths[0], image.series)]
        check_voxels(paths[0], channels[0])
    else:
        channels = [read_file(path, image.id) for path in paths]
    first = channels[0]
    for path, channel in zip(paths[1:], channels[1:], strict=True):
        check_geometry(path, grid_of(channel), paths[0], grid_of(first))
        channel.CopyInformation(first)
    if not any(SimpleITK.GetArrayViewFromImage(channel).any() for channel in channels):
        raise UserError(f"{paths[0]}: every voxel is 0; copy or download it again")
    for channel in channels:
        for key in channel.GetMetaDataKeys():
            channel.EraseMetaData(key)
    return channels


def read_grid(folder: Path, image: Image) -> Grid:
    """The grid of an image, the one that `read_channels` gives it, from headers alone.

    Raises:
        UserError: a header is missing, damaged or not that of a single volume, or the channels'
            grids differ; names the file.
    """
    paths = [folder / file for file in image.files]
    if image.series is not None:
        return read_stack(paths[0], image.series).grid
    grids = [_grid(path, image.id) for path in paths]
    volumes = [_empty(grid) for grid in grids]
    check_perpendicular(paths[0], volumes[0])
    for path, volume in zip(paths[1:], volumes[1:], strict=True):
        check_geometry(path, volume, paths[0], volumes[0])
    return grids[0]


def read_file(path: Path, case: str) -> "SimpleITK.Image":
    """Read one file, three-dimensional; a fourth axis of one volume is dropped.

    Args:
        path: the file.
        case: id of its image, for messages.

    Raises:
        UserError: it is missing, damaged, not a single volume or not finite; names the file.
    """
    if problem := file_problem(path, case):
        raise UserError(problem)
    if path.name.endswith(TIFF):
        return read_image(path)
    if path.name.endswith(ENDINGS):
        check_whole(path)
    image = read_with_itk(path)
    if _is_one_volume(image.GetSize()):
        image = image[:, :, :, 0]
    check_dimensions(path, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    check_voxels(path, image)
    return image


def _is_one_volume(size: Sequence[int]) -> bool:
    return len(size) == DIMENSIONS + 1 and size[DIMENSIONS] == 1


def _grid(path: Path, case: str) -> Grid:
    if problem := file_problem(path, case):
        raise UserError(problem)
    if path.name.endswith(ENDINGS):
        check_header(path)
    if path.name.endswith(TIFF):
        shape = as_triple(tiff_shape(path))
        return Grid(shape=shape, spacing=read_spacing(path), origin=(0, 0, 0), direction=IDENTITY)
    header = header_with_itk(path)
    size = header.GetSize()
    kept = size[:DIMENSIONS] if _is_one_volume(size) else size
    check_dimensions(path, kept, header.GetNumberOfComponents())
    x, y, z, *_ = header.GetSpacing()
    left, back, up, *_ = header.GetOrigin()
    matrix = np.reshape(header.GetDirection(), (len(size),) * 2)[:DIMENSIONS, :DIMENSIONS]
    a, b, c, d, e, f, g, h, i = (float(cosine) for cosine in matrix.ravel())
    return Grid(
        shape=as_triple(tuple(reversed(kept))),
        spacing=(z, y, x),
        origin=(left, back, up),
        direction=(a, b, c, d, e, f, g, h, i),
    )


def _empty(grid: Grid) -> Volume:
    """A volume with a grid, and voxels that take no memory."""
    voxels = np.broadcast_to(np.uint8(0), grid.shape)
    return Volume(voxels, grid.spacing, grid.origin, grid.direction)

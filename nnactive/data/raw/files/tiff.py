"""TIFF files of several pages, read as nnU-Net's Tiff3DIO does.

Voxels come from tifffile, the spacing from a JSON file beside the image. nnU-Net takes 1, 1, 1
where that file is missing; here this is an error.
"""

import logging
import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.data.raw.files.formats import check_parts, spacing_file
from nnactive.data.raw.files.volumes import dimension_problem
from nnactive.errors import UserError
from nnactive.geometry import Spacing
from nnactive.io.files import read_json

if TYPE_CHECKING:
    import tifffile

AXES = 3
BIG_TIFF = 43
"""Second number of a TIFF with addresses of 8 bytes."""


def read_tiff(path: Path) -> tuple[np.ndarray, Spacing]:
    """Voxels ``(Z, Y, X)`` and spacing in mm, (z, y, x).

    Raises:
        UserError: the file is damaged or isn't a single three-dimensional image, or its spacing
            is missing or wrong.
    """
    spacing = read_spacing(path)
    with _open(path) as file:
        _series(path, file)
        try:
            array = file.asarray()
        except Exception as error:
            raise _damaged(path) from error
    if array.dtype == bool:
        return array.astype(np.uint8), spacing
    if array.dtype == np.float16:
        return array.astype(np.float32), spacing
    if array.dtype.kind not in "iuf":
        raise UserError(f"{path}: has voxels of type {array.dtype}; save it as integers or floats")
    return np.ascontiguousarray(array, array.dtype.newbyteorder("=")), spacing


def tiff_shape(path: Path) -> tuple[int, ...]:
    """Size (z, y, x), without the voxels; errors as ``read_tiff``."""
    with _open(path) as file:
        return tuple(int(n) for n in _series(path, file).shape)


def check_tiff(path: Path) -> None:
    """Check that all pages, and the data of each, are in the file; and its spacing.

    Raises:
        UserError: as ``read_tiff``.
    """
    read_spacing(path)
    size = path.stat().st_size
    _check_directories(path, size)
    with _open(path) as file:
        series = _series(path, file)
        announced = math.prod(series.shape) * series.dtype.itemsize
        if series.dataoffset is not None:
            whole = series.dataoffset + announced <= size
        else:
            whole = _has_pages(file, size)
    if not whole:
        raise _damaged(path)


def read_spacing(path: Path) -> Spacing:
    """Spacing in mm, (z, y, x), from the JSON file beside a TIFF.

    Raises:
        UserError: the file is missing, or hasn't got three positive numbers.
    """
    file = spacing_file(path)
    check_parts(path)
    content = read_json(file, "fix it")
    values = content.get("spacing") if isinstance(content, dict) else None
    if not isinstance(values, list) or len(values) != AXES or not all(map(_is_size, values)):
        raise UserError(
            f"{file}: field 'spacing': must be three positive numbers, mm in the order z, y, x, "
            f"not {values!r}; fix it"
        )
    z, y, x = (float(n) for n in values)
    return z, y, x


def _is_size(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value > 0


def _open(path: Path) -> "tifffile.TiffFile":
    import tifffile

    # What it logs about a broken file is told in one line here.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        return tifffile.TiffFile(path)
    except Exception as error:
        raise _damaged(path) from error


def _series(path: Path, file: "tifffile.TiffFile") -> "tifffile.TiffPageSeries":
    """The one three-dimensional image of a TIFF."""
    try:
        series, samples = list(file.series), file.pages.first.samplesperpixel
    except Exception as error:
        raise _damaged(path) from error
    if len(series) != 1:
        sizes = ", ".join(" x ".join(map(str, each.shape)) for each in series[:AXES])
        kinds = "images" if len({each.shape for each in series}) == 1 else "images of other kinds"
        raise UserError(
            f"{path}: has {len(series)} {kinds} ({sizes}); give one "
            "three-dimensional image per file"
        )
    if problem := dimension_problem(tuple(series[0].shape), samples):
        raise UserError(f"{path}: {problem}")
    return series[0]


def _has_pages(file: "tifffile.TiffFile", size: int) -> bool:
    for page in file.pages:
        if any(o + n > size for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)):
            return False
    return True


def _check_directories(path: Path, size: int) -> None:
    """Follow the chain of the pages' directories, of which tifffile leaves out broken links."""
    try:
        with path.open("rb") as file:
            begin = file.read(16)
            order = {b"II": "<", b"MM": ">"}[begin[:2]]
            big = struct.unpack_from(f"{order}H", begin, 2)[0] == BIG_TIFF
            number, count, entry, first = ("Q", "Q", 20, 8) if big else ("I", "H", 12, 4)
            (place,) = struct.unpack_from(order + number, begin, first)
            seen: set[int] = set()
            while place:
                if place in seen or place >= size:
                    raise _damaged(path)
                seen.add(place)
                file.seek(place)
                (entries,) = struct.unpack(order + count, file.read(struct.calcsize(count)))
                file.seek(entries * entry, 1)
                (place,) = struct.unpack(order + number, file.read(struct.calcsize(number)))
    except (struct.error, KeyError, OverflowError, OSError):
        raise _damaged(path) from None


def _damaged(path: Path) -> UserError:
    return UserError(f"{path}: truncated or damaged; copy or download it again")

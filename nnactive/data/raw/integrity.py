"""Whether an image file is whole: SimpleITK reads some damaged ones without a complaint."""

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np

from nnactive.errors import UserError

NIFTI = (".nii", ".nii.gz")
"""Endings of NIfTI files."""
NIFTI1_HEADER = 348
BLOCK = 1 << 20
"""Bytes read at a time; a multiple of every value's size."""
METAIMAGE_BYTES = {
    "MET_CHAR": 1,
    "MET_UCHAR": 1,
    "MET_SHORT": 2,
    "MET_USHORT": 2,
    "MET_INT": 4,
    "MET_UINT": 4,
    "MET_FLOAT": 4,
    "MET_DOUBLE": 8,
}
"""By MetaImage's name of a voxel's type; of others the length isn't checked."""
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError, struct.error)
"""What reading a spoilt file or header raises; odd numbers are the last three."""
FLOATS = {16: "f4", 64: "f8"}
"""NIfTI's codes of the types that can hold NaN."""


@dataclass(frozen=True)
class _Header:
    """What a NIfTI-1 header announces; nothing for anything else."""

    length: int = 0
    """Bytes of the whole file."""
    offset: int = NIFTI1_HEADER
    """Where the voxels begin."""
    floats: np.dtype | None = None
    """Type of the voxels where they may be NaN."""


def check_whole(path: Path) -> None:
    """Check the length, and the checksum of what is compressed, of a NIfTI or MetaImage file.

    ITK reads NaN in a NIfTI file as 0, a truncated one and one with a wrong checksum as if they
    were whole. Other kinds of file pass; their readers complain themselves.

    Raises:
        UserError: the file is truncated or damaged, or (NIfTI) holds NaN or infinite values.
    """
    try:
        if path.name.endswith(NIFTI):
            whole, finite = _check_nifti(path)
        elif path.suffix == ".mha":
            whole, finite = _check_metaimage(path), True
        else:
            return
    except DAMAGE:
        whole, finite = False, True
    if not whole:
        raise UserError(f"{path}: truncated or damaged; copy or download it again")
    if not finite:
        raise UserError(f"{path}: holds NaN or infinite values; mend or replace it")


def check_header(path: Path) -> None:
    """Check a NIfTI file's number of axes; where it is wrong, ITK writes to stderr by itself.

    Raises:
        UserError: it is wrong.
    """
    if not path.name.endswith(NIFTI):
        return
    try:
        with _opened(path) as file:
            _read_header(file.read(NIFTI1_HEADER))
    except (OSError, EOFError, zlib.error):
        return  # the reader says what it is
    except DAMAGE:
        raise UserError(f"{path}: truncated or damaged; copy or download it again") from None


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _check_nifti(path: Path) -> tuple[bool, bool]:
    """Whether a NIfTI file has the length that it announces, and only finite voxels."""
    finite = True
    with _opened(path) as file:
        begin = file.read(NIFTI1_HEADER)
        header = _read_header(begin)
        length = len(begin)
        # An absurd offset must not be read at once.
        while length < header.offset and (skipped := file.read(min(header.offset - length, BLOCK))):
            length += len(skipped)
        while block := file.read(BLOCK):
            length += len(block)
            finite = finite and _finite(block, header.floats)
    return length >= max(NIFTI1_HEADER, header.length), finite


def _check_metaimage(path: Path) -> bool:
    """Whether a MetaImage file has its data, unspoilt where they are compressed."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while "ElementDataFile" not in fields:
            line = file.readline(BLOCK)
            name, equals, value = line.decode("latin-1").partition("=")
            if not equals:
                return False
            fields[name.strip()] = value.strip()
        if fields["ElementDataFile"] != "LOCAL":
            return True
        if fields.get("CompressedData", "False") == "True":
            stream, length = zlib.decompressobj(), 0
            while not stream.eof and (block := file.read(BLOCK)):
                length += len(stream.decompress(block))
            if not stream.eof:
                return False
        else:
            length = path.stat().st_size - file.tell()
    voxels = math.prod(int(n) for n in fields.get("DimSize", "0").split())
    size = METAIMAGE_BYTES.get(fields.get("ElementType", ""), 0)
    return length >= voxels * size * int(fields.get("ElementNumberOfChannels", "1"))


def _finite(block: bytes, kind: np.dtype | None) -> bool:
    if kind is None:
        return True
    values = np.frombuffer(block, kind, len(block) // kind.itemsize)
    return bool(np.isfinite(values).all())


def _read_header(header: bytes) -> _Header:
    if len(header) < NIFTI1_HEADER:
        return _Header()
    for order in "<>":
        (size,) = struct.unpack_from(f"{order}i", header)
        if size == NIFTI1_HEADER:
            rank, *extent = (int(n) for n in struct.unpack_from(f"{order}8h", header, 40))
            if not 0 < rank <= len(extent):
                raise ValueError(rank)
            code, bits = (int(n) for n in struct.unpack_from(f"{order}2h", header, 70))
            (offset,) = struct.unpack_from(f"{order}f", header, 108)
            voxels = math.prod(extent[:rank])
            floats = np.dtype(order + FLOATS[code]) if code in FLOATS else None
            return _Header(int(offset) + voxels * bits // 8, int(offset), floats)
    return _Header()

"""Detecting damaged image files, some of which SimpleITK reads without an error."""

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
"""Bytes read at a time; a multiple of the size of any voxel."""
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
"""Bytes per voxel by MetaImage type; for other types the length isn't checked."""
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError, struct.error)
"""Raised while reading a damaged file; the last three by absurd numbers in its header."""
FLOATS = {16: "f4", 64: "f8"}
"""NIfTI codes of the types that can represent NaN."""


@dataclass(frozen=True)
class _Header:
    """What a NIfTI-1 header announces; the defaults for any other file."""

    length: int = 0
    """Bytes of the whole file."""
    offset: int = NIFTI1_HEADER
    """Where the voxels begin, in bytes."""
    floats: np.dtype | None = None
    """Type of the voxels, if it can represent NaN."""


def check_whole(path: Path) -> None:
    """Check the length, and the checksum of compressed data, of a NIfTI or MetaImage file.

    ITK reads NaN in a NIfTI file as 0, and truncated files and files with a wrong checksum as if
    they were intact. Other kinds of file pass; their readers detect errors themselves.

    Raises:
        UserError: the file is truncated or damaged, or (NIfTI) contains NaN or infinite values.
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
        raise UserError(f"{path}: contains NaN or infinite values; fix or replace it")


def check_header(path: Path) -> None:
    """Check a NIfTI file's number of axes; if it is wrong, ITK itself writes to stderr.

    Raises:
        UserError: it is wrong.
    """
    if not path.name.endswith(NIFTI):
        return
    try:
        with _opened(path) as file:
            _read_header(file.read(NIFTI1_HEADER))
    except (OSError, EOFError, zlib.error):
        return  # the reader reports it
    except DAMAGE:
        raise UserError(f"{path}: truncated or damaged; copy or download it again") from None


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _check_nifti(path: Path) -> tuple[bool, bool]:
    """Whether a NIfTI file has the announced length, and whether all voxels are finite."""
    finite = True
    with _opened(path) as file:
        begin = file.read(NIFTI1_HEADER)
        header = _read_header(begin)
        length = len(begin)
        # In blocks, because an absurd offset would not fit in memory.
        while length < header.offset and (skipped := file.read(min(header.offset - length, BLOCK))):
            length += len(skipped)
        while block := file.read(BLOCK):
            length += len(block)
            finite = finite and _finite(block, header.floats)
    return length >= max(NIFTI1_HEADER, header.length), finite


def _check_metaimage(path: Path) -> bool:
    """Whether a MetaImage file has all of its data; compressed data are checked."""
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

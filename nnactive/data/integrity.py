"""Whether a NIfTI file is whole: SimpleITK reads a truncated one without a complaint."""

import gzip
import math
import struct
import zlib
from io import BufferedIOBase
from pathlib import Path

from nnactive.errors import UserError

NIFTI1_HEADER = 348
BLOCK = 1 << 20


def check_whole(path: Path) -> None:
    """Check a ``.nii`` or ``.nii.gz`` file's length, and the checksum of a compressed one.

    Other files pass; their readers complain themselves.

    Raises:
        UserError: the file is truncated or damaged.
    """
    if not path.name.endswith((".nii", ".nii.gz")):
        return
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            header = file.read(NIFTI1_HEADER)
            length = len(header) + _rest(file)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        length, header = 0, b""
    if length < max(NIFTI1_HEADER, _stated_length(header)):
        raise UserError(f"{path}: truncated or damaged; copy or download it again")


def _rest(file: BufferedIOBase) -> int:
    """Number of bytes up to the end; a compressed file's checksum is verified there."""
    length = 0
    while block := file.read(BLOCK):
        length += len(block)
    return length


def _stated_length(header: bytes) -> int:
    """Bytes that a NIfTI-1 header announces; 0 for anything else."""
    if len(header) < NIFTI1_HEADER:
        return 0
    for order in "<>":
        (size,) = struct.unpack_from(f"{order}i", header)
        if size == NIFTI1_HEADER:
            rank, *extent = (int(n) for n in struct.unpack_from(f"{order}8h", header, 40))
            (bits,) = struct.unpack_from(f"{order}h", header, 72)
            (offset,) = struct.unpack_from(f"{order}f", header, 108)
            return int(offset) + math.prod(extent[:rank]) * int(bits) // 8
    return 0

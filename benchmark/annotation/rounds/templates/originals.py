"""Whole images that can be copied as they are: plain NIfTI files without a word in them."""

import gzip
import shutil
import struct
import zlib
from pathlib import Path
from typing import Final

from benchmark.annotation.rounds.names import NIFTI

LENGTH: Final = 348
"""Of a NIfTI-1 header, which begins with this number."""
HEADER: Final = 352
"""Bytes of a NIfTI-1 header with the four that announce extensions."""
MAGIC: Final = b"n+1\0"
TEXTS: Final = ((4, 14), (14, 32), (148, 228), (228, 252), (328, 344))
"""First byte and end of ``data_type``, ``db_name``, ``descrip``, ``aux_file``, ``intent_name``."""
EXTENSIONS: Final = slice(348, 352)
VOXELS: Final = 108
"""First byte of ``vox_offset``."""
FLAGS: Final = 3
"""Byte of a gzip header that announces a file's name, a comment or other fields."""
GZIP: Final = b"\x1f\x8b"
DIMENSIONS: Final = 3


def copied(file: Path, out: Path) -> bool:
    """Copy an image if its file holds nothing but voxels and geometry.

    Never a link: tools that save in place would change the original through it.

    Returns:
        False, and nothing is copied, for any other file.
    """
    if not file.name.endswith(NIFTI) or not is_plain(file):
        return False
    shutil.copyfile(file, out)
    return True


def is_plain(file: Path) -> bool:
    """Whether a ``.nii.gz`` file has three dimensions, and no text or extension in its headers."""
    with file.open("rb") as raw:
        start = raw.read(FLAGS + 1)
    if len(start) <= FLAGS or start[:2] != GZIP or start[FLAGS]:
        return False
    try:
        with gzip.open(file) as content:
            header = content.read(HEADER)
    except (OSError, EOFError, zlib.error):
        return False
    if len(header) < HEADER or header[344:348] != MAGIC or any(header[EXTENSIONS]):
        return False
    order = "<" if struct.unpack_from("<i", header)[0] == LENGTH else ">"
    dimensions = struct.unpack_from(f"{order}h", header, 40)[0]
    offset = struct.unpack_from(f"{order}f", header, VOXELS)[0]
    silent = not any(any(header[first:end]) for first, end in TEXTS)
    return silent and dimensions == DIMENSIONS and offset == HEADER

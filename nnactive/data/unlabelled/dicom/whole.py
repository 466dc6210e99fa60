"""Whether a DICOM file has all its voxels: GDCM reads what is left of one that was cut off."""

import struct

from nnactive.data.raw.files.integrity import DAMAGED
from nnactive.data.unlabelled.dicom.slices import Slice
from nnactive.errors import UserError

VOXELS = b"\xe0\x7f\x10\x00"
"""The tag of the voxels, in little endian."""
KINDS = (b"OW\0\0", b"OB\0\0", b"")
"""What lies between it and its length; nothing where types are implicit."""
OPEN = 0xFFFFFFFF
"""The length of what is compressed ..."""
END = b"\xfe\xff\xdd\xe0"
"""... and ends with this tag, behind which there may be others."""
TAIL = 1 << 16


def check_slice(one: Slice) -> None:
    """Check that a file is as long as its header says; left out for rare encodings.

    Raises:
        UserError: it is shorter.
    """
    content = one.file.read_bytes()
    even = one.length + one.length % 2
    starts = [start for length in {one.length, even} for start in _starts(content, length)]
    whole = any(start + one.length <= len(content) for start in starts)
    if not starts:
        whole = not _starts(content, OPEN) or END in content[-TAIL:]
    if not whole:
        raise UserError(f"{one.file}: {DAMAGED}")


def _starts(content: bytes, length: int) -> list[int]:
    """Where voxels of a length begin."""
    marks = [VOXELS + kind + struct.pack("<I", length) for kind in KINDS]
    return [at + len(mark) for mark in marks if (at := content.rfind(mark)) >= 0]

"""Arrays as PNG images that a page holds in itself."""

import base64
import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {3: 2, 4: 6}
"""PNG's number for RGB and for RGBA."""


def png(pixels: np.ndarray) -> bytes:
    """A PNG file.

    Args:
        pixels: uint8, ``(rows, columns, 3)`` for RGB or ``(rows, columns, 4)`` with opacity.
    """
    rows, columns, channels = pixels.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8, COLOUR_TYPES[channels], 0, 0, 0)
    # Each row begins with its filter, 0 for none.
    lines = np.concatenate(
        [np.zeros((rows, 1), np.uint8), pixels.reshape(rows, columns * channels)], axis=1
    )
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def data_uri(pixels: np.ndarray) -> str:
    """The same as a ``data:`` URI."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

"""One image in memory."""

from dataclasses import dataclass

import numpy as np

from nnactive.data.raw.files.notes import Note
from nnactive.geometry import Spacing


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
    notes: tuple[Note, ...] = ()
    """What is unusual about its file."""

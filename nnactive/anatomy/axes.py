"""Where an image's axes point, as letters: Left, Right, Anterior, Posterior, Superior, Inferior."""

from collections.abc import Sequence
from typing import Final

ASSUMED: Final = "SPL"
"""Of (z, y, x) where nothing is known: an identity direction matrix."""
OPPOSITE: Final = {"L": "R", "R": "L", "A": "P", "P": "A", "S": "I", "I": "S"}


def orientation(direction: Sequence[float]) -> str:
    """DICOM's three letters for the axes (x, y, z) of a file; ``LPS`` for the identity.

    Each is the side that an axis points to, or comes closest to.

    Args:
        direction: SimpleITK's direction matrix, row-major 3 x 3.
    """
    import SimpleITK

    letters: str = SimpleITK.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(direction)
    return letters


def towards(direction: Sequence[float], transpose: Sequence[int] = (0, 1, 2)) -> str:
    """The side that each axis of a stored array points to.

    >>> towards((1, 0, 0, 0, 1, 0, 0, 0, 1))
    'SPL'

    Args:
        direction: SimpleITK's direction matrix of the raw image, row-major 3 x 3.
        transpose: for each axis of the stored array its number among the raw one's (z, y, x);
            nnU-Net's ``transpose_forward``.
    """
    z_y_x = orientation(direction)[::-1]
    return "".join(z_y_x[axis] for axis in transpose)

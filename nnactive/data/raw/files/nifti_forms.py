"""Where a NIfTI-1 header says that its voxels lie; it says so up to three times.

The voxel size is in ``pixdim`` and in the sform's columns, the place in the qform and in the sform.
ITK takes the size of ``pixdim`` and the sform's place, and compares nothing.
"""

import struct
from dataclasses import dataclass

import numpy as np

from nnactive.data.raw.files.text_headers import WrongHeaderError
from nnactive.data.raw.files.volumes import LARGEST_SHIFT, corners
from nnactive.geometry import Spacing, Triple
from nnactive.io.formatting import numbers

PERPENDICULAR = 1e-2
"""Largest cosine between two axes whose lengths can be compared with voxel sizes."""
SIZE, PLACE = "voxel size", "geometry"
"""Kinds of what a header contradicts itself in."""


@dataclass(frozen=True)
class Forms:
    """What a header says about the grid; ``None``: it leaves that out."""

    pixdim: tuple[float, ...]
    """mm, (x, y, z), positive."""
    qform: np.ndarray | None
    """``(3, 4)``: places in mm by voxel index (x, y, z, 1)."""
    sform: np.ndarray | None


def read_forms(header: bytes, order: str) -> Forms:
    """Read both forms from a header.

    Args:
        header: its bytes.
        order: ``<`` or ``>``.

    Raises:
        WrongHeaderError: a form that counts isn't finite, or has an axis of length 0.
    """
    coded = struct.unpack_from(f"{order}2h", header, 252)
    sign, *pixdim = struct.unpack_from(f"{order}4f", header, 76)
    size = tuple(abs(float(n)) for n in pixdim)
    qform = _qform(struct.unpack_from(f"{order}6f", header, 256), size, sign)
    sform = np.array(struct.unpack_from(f"{order}12f", header, 280), float).reshape(3, 4)
    for name, code, form in zip(("qform", "sform"), coded, (qform, sform), strict=True):
        if code > 0 and not (np.isfinite(form).all() and np.any(form[:, :3], axis=0).all()):
            raise WrongHeaderError(
                f"has no grid in the {name} of its header (values that aren't finite, or an axis "
                "of zeros); write the right one into it"
            )
    return Forms(size, qform if coded[0] > 0 else None, sform if coded[1] > 0 else None)


def contradictions(forms: Forms, shape: Triple) -> dict[str, str]:
    """What a header says twice, and differently, by kind.

    Args:
        forms: of the header.
        shape: of the image, (z, y, x).
    """
    found = {}
    if forms.sform is not None:
        axes = forms.sform[:, :3]
        lengths = np.linalg.norm(axes, axis=0)
        cosines = (axes / lengths).T @ (axes / lengths) - np.eye(3)
        moved = np.abs(lengths / forms.pixdim - 1) * (np.array(shape[::-1]) - 1)
        if np.abs(cosines).max() < PERPENDICULAR and moved.max() > LARGEST_SHIFT:
            found[SIZE] = (
                f"its header has two voxel sizes, {_mm(forms.pixdim)} (pixdim, which is read) and "
                f"{_mm(lengths)} (sform); correct the wrong one"
            )
    if forms.qform is not None and forms.sform is not None and SIZE not in found:
        indices = np.c_[corners(shape), np.ones(8)]
        apart = indices @ (forms.qform - forms.sform).T @ np.linalg.pinv(forms.sform[:, :3]).T
        if np.abs(apart).max() > LARGEST_SHIFT:
            found[PLACE] = "the qform and the sform of its header differ; the sform is taken"
    return found


def _qform(values: tuple[float, ...], size: tuple[float, ...], sign: float) -> np.ndarray:
    """The matrix of a quaternion (b, c, d) and an offset, as the NIfTI-1 standard has it."""
    b, c, d, *offset = values
    a = max(0.0, 1 - b * b - c * c - d * d) ** 0.5
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    scale = np.array(size) * (1, 1, -1 if sign < 0 else 1)
    form: np.ndarray = np.c_[rotation * scale, offset]
    return form


def _mm(values: "tuple[float, ...] | np.ndarray") -> str:
    x, y, z = (float(f"{value:.4g}") for value in values)
    shown: Spacing = (z, y, x)
    return f"{numbers(shown, ' x ')} mm"

"""What a NIfTI-1 header announces about the voxels that belong to it."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnactive.data.raw.files.nifti_forms import contradictions, read_forms
from nnactive.data.raw.files.text_headers import WrongHeaderError
from nnactive.geometry import Triple

LENGTH = 348
"""Bytes of the header; also the number it begins with."""
SINGLE_OFFSET = 352
"""Where the voxels of a single file can begin: after the header and four bytes for extensions."""
NIFTI2_LENGTH = 540
BYTES = {2: 1, 4: 2, 8: 4, 16: 4, 64: 8, 256: 1, 512: 2, 768: 4, 1024: 8, 1280: 8}
"""Bytes per voxel by NIfTI code of the type; other codes are no plain numbers."""
FLOATS = {16: "f4", 64: "f8"}
"""Codes of the types that can represent NaN."""
SINGLE_MAGIC, PAIR_MAGIC = b"n+1\0", b"ni1\0"
AXES = 3


@dataclass(frozen=True)
class NiftiHeader:
    """Where the voxels are, and how many bytes they take."""

    offset: int
    """Where they begin, in bytes from the start of their file."""
    length: int
    """Bytes of all voxels."""
    slice_length: int
    """Bytes of one slice."""
    floats: np.dtype | None
    """Type of the voxels, if it can represent NaN."""
    contradictions: dict[str, str]
    """What the header says twice, and differently, by kind."""


def read_nifti_header(header: bytes, *, pair: bool) -> NiftiHeader:
    """Read a header.

    Args:
        header: the file's first bytes.
        pair: whether the voxels are in a file of their own.

    Raises:
        WrongHeaderError: something in it is unsupported.
        ValueError, OverflowError: it is damaged.
    """
    if len(header) < LENGTH:
        raise ValueError(header)
    order = _byte_order(header)
    magic = header[344:348]
    if magic not in (SINGLE_MAGIC, PAIR_MAGIC):
        raise WrongHeaderError(
            "Analyze 7.5, which doesn't say how the axes lie; convert it to NIfTI-1 (.nii.gz)"
        )
    if (magic == PAIR_MAGIC) != pair:
        where = "another file" if magic == PAIR_MAGIC else "the same file"
        raise WrongHeaderError(
            f"its header says that the voxels are in {where}; convert it to .nii.gz"
        )
    rank, *extent = (int(n) for n in struct.unpack_from(f"{order}8h", header, 40))
    if not 0 < rank <= len(extent) or min(extent[:rank]) < 1:
        shown = ", ".join(map(str, (rank, *extent)))
        raise WrongHeaderError(
            f"its header gives the size (dim) {shown}, which is impossible; write the right one"
        )
    code = int(struct.unpack_from(f"{order}h", header, 70)[0])
    if code not in BYTES:
        raise WrongHeaderError(f"has voxels of NIfTI type {code}; save it as integers or floats")
    spacing = struct.unpack_from(f"{order}3f", header, 80)[: min(rank, AXES)]
    if not all(math.isfinite(n) and n for n in spacing):
        shown = ", ".join(f"{n:g}" for n in reversed(spacing))
        raise WrongHeaderError(
            f"has the voxel size {shown} (z, y, x); write the right one into its header"
        )
    _check_scaling(*struct.unpack_from(f"{order}2f", header, 112))
    forms = read_forms(header, order)
    offset = _offset(struct.unpack_from(f"{order}f", header, 108)[0], pair=pair)
    length = math.prod(extent[:rank]) * BYTES[code]
    slices = next((n for n in reversed(extent[:rank]) if n > 1), 1)
    return NiftiHeader(
        offset=offset,
        length=length,
        slice_length=length // slices,
        floats=np.dtype(order + FLOATS[code]) if code in FLOATS else None,
        contradictions=contradictions(forms, _shape(extent[:rank])),
    )


def _offset(value: float, *, pair: bool) -> int:
    """Where the voxels begin; ITK reads them from within the header if a header says so."""
    if not math.isfinite(value) or value != int(value) or value < 0:
        raise WrongHeaderError(
            f"its header has the vox_offset {value:g}, which is not a position in a file; rewrite "
            "it with nibabel or another tool"
        )
    if not pair and value < SINGLE_OFFSET:
        raise WrongHeaderError(
            f"its header has the vox_offset {value:g}, but a single file's voxels begin at byte "
            f"{SINGLE_OFFSET} or later; rewrite it with nibabel or another tool"
        )
    return int(value)


def _shape(extent: Sequence[int]) -> Triple:
    """(z, y, x); 1 on axes that the image hasn't got."""
    x, y, z, *_ = (*extent, 1, 1)
    return z, y, x


def _check_scaling(slope: float, inter: float) -> None:
    """Refuse what readers disagree about; NaN and 0 are the two ways to say that there is none."""
    scaled = slope != 0 and not math.isnan(slope)
    if scaled and not (math.isfinite(slope) and math.isfinite(inter)):
        cause = "which isn't finite"
    elif not scaled and math.isfinite(inter) and inter != 0:
        cause = "an offset without a slope"
    else:
        return
    raise WrongHeaderError(
        f"scales its voxels by scl_slope {slope:g} and scl_inter {inter:g}, {cause}; write the "
        "right numbers into its header (1 and 0: as they are)"
    )


def is_nifti(begin: bytes) -> bool:
    """Whether a file that begins so is NIfTI-1 with its voxels in the same file."""
    return begin[344:348] == SINGLE_MAGIC


def _byte_order(header: bytes) -> str:
    for order in "<>":
        number = struct.unpack_from(f"{order}i", header)[0]
        if number == LENGTH:
            return order
        if number == NIFTI2_LENGTH:
            raise WrongHeaderError("NIfTI-2, which isn't read; convert it to NIfTI-1 (.nii.gz)")
    raise WrongHeaderError("not a readable image, because it has no NIfTI header; replace it")

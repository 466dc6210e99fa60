"""The size of every case after resampling, computed from headers; what can't be prepared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from nnactive.data.cards import Card
from nnactive.data.check.outliers import FLAT, NO_SLICES
from nnactive.data.memory import usable_memory
from nnactive.data.raw.images import read_header
from nnactive.data.raw.layout import Found
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.formatting import numbers, size
from nnactive.nnunet.planning import describe, target_geometry

WORKING = 80
"""Peak memory of resampling in bytes per voxel and channel, for the larger of raw and resampled
image; measured."""
GROWTH = 500
"""More voxels for each one in the file, and the header is wrong: thick slices become ten, seldom
more, and headers in other units a thousand."""


@dataclass(frozen=True)
class CaseSize:
    """One case's size before and after resampling, in the file's axis order, (z, y, x)."""

    file: Path
    """The case's first image."""
    raw: Triple
    """In voxels."""
    spacing: Spacing
    """mm, of the raw image."""
    resampled: Triple
    """In voxels; after the crop, if that has been measured."""
    target: Spacing
    """mm, of the resampled image."""

    @property
    def voxels(self) -> tuple[int, int]:
        """Voxels per channel before and after resampling."""
        return math.prod(self.raw), math.prod(self.resampled)

    def memory(self, channels: int) -> int:
        """Bytes needed to resample it."""
        return max(self.voxels) * WORKING * channels

    def __str__(self) -> str:
        """The file, and its way from one size to the other."""
        return (
            f"{self.file}: {_shape(self.raw)} voxels of {numbers(self.spacing)} mm become "
            f"{_shape(self.resampled)} of {numbers(self.target)} mm (z, y, x)"
        )


def sizes_from_headers(card: Card, cases: Sequence[Found]) -> list[CaseSize]:
    """Sizes of ``cases`` at the target spacing, ignoring the crop to the non-zero box.

    The target is the card's spacing, or nnU-Net's choice for the sizes and spacings in the headers.
    A file with an unreadable header is left out; it is refused when it is loaded.

    Raises:
        UserError: nnU-Net can't choose a spacing.
    """
    headers = [(case.files[0], *found) for case in cases if (found := _header(case.files[0]))]
    if not headers:
        return []
    target = card.spacing or _chosen(card, [h[2] for h in headers], [h[1] for h in headers])
    return [
        CaseSize(file, raw, spacing, resampled_size(raw, spacing, target), target)
        for file, raw, spacing in headers
    ]


def resampled_size(shape: Triple, spacing: Spacing, target: Spacing) -> Triple:
    """Size that nnU-Net gives an image; all in (z, y, x)."""
    return as_triple(round(a / b * n) for a, b, n in zip(spacing, target, shape, strict=True))


def untransposed(target: Spacing, transpose: Triple) -> Spacing:
    """``target_geometry``'s spacing in the file's axis order."""
    in_file = dict(zip(transpose, target, strict=True))
    return in_file[0], in_file[1], in_file[2]


def check_cases(sizes: Sequence[CaseSize], channels: int) -> None:
    """Refuse what can't be prepared on this machine, or not at all.

    Raises:
        UserError: names the case.
    """
    check_memory(sizes, channels, usable_memory(swap=True))
    check_sizes(sizes)


def check_memory(sizes: Sequence[CaseSize], channels: int, available: int) -> None:
    """Refuse cases that don't fit in ``available`` bytes of memory.

    Raises:
        UserError: names the largest case.
    """
    largest = max(sizes, key=lambda case: case.memory(channels), default=None)
    if largest is not None and largest.memory(channels) > available:
        usual = median(case.memory(channels) for case in sizes)
        raise UserError(
            f"{largest}, which needs {size(largest.memory(channels))} of memory, with only "
            f"{size(available)} free (a median case needs {size(usual)}); correct the header of "
            "its files if that spacing is wrong, or use a machine with more memory"
        )


def check_sizes(sizes: Sequence[CaseSize]) -> None:
    """Refuse sizes that only a wrong header explains, and datasets of single slices.

    Raises:
        UserError: names the first such case.
    """
    gone = [case for case in sizes if _is_gone(case)]
    grown = [case for case in sizes if case.voxels[1] > GROWTH * case.voxels[0]]
    if gone:
        raise UserError(f"{gone[0]}, so nearly nothing is left of it; {_wrong(gone, sizes)}")
    if grown:
        cause = f"more than {GROWTH} times as many"
        raise UserError(f"{grown[0]}, {cause}; {_wrong(grown, sizes)}")
    flat = [case for case in sizes if min(case.resampled) <= FLAT]
    if flat and any(median(case.resampled[axis] for case in sizes) <= FLAT for axis in range(3)):
        raise UserError(
            f"{flat[0]}, and most cases are like it ({len(flat)} of {len(sizes)}); {NO_SLICES}"
        )


def _is_gone(case: CaseSize) -> bool:
    pairs = zip(case.resampled, case.raw, strict=True)
    return any(n == 0 or n <= FLAT < raw for n, raw in pairs)


def _wrong(some: Sequence[CaseSize], sizes: Sequence[CaseSize]) -> str:
    """What is wrong where the sizes of some cases are: their headers, or the card's spacing."""
    if len(some) == len(sizes) > 1:
        return f"all {len(sizes)} cases are like it; correct 'spacing' in the card (mm, z, y, x)"
    usual = [median(case.spacing[axis] for case in sizes) for axis in range(3)]
    return (
        f"the median spacing of all cases is {numbers(usual)} mm; correct the header of its files "
        "(another unit in place of mm?), or remove the case"
    )


def _header(file: Path) -> tuple[Triple, Spacing] | None:
    try:
        shape, spacing = read_header(file)
    except UserError:
        return None
    usable = all(math.isfinite(mm) and mm > 0 for mm in spacing)
    return (shape, spacing) if usable else None


def _chosen(card: Card, spacings: Sequence[Spacing], shapes: Sequence[Triple]) -> Spacing:
    description = describe(card.classes, list(card.channels.values()), len(shapes))
    return untransposed(*target_geometry(card.nnunet_name, description, spacings, shapes))


def _shape(shape: Triple) -> str:
    return " x ".join(f"{n:,}" for n in shape)

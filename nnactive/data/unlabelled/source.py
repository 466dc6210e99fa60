"""Where a prepared image comes from: its file's grid, and which of its voxels it is made of."""

from typing import ClassVar, Final

from nnactive.data import prepared
from nnactive.geometry import Spacing, Triple
from nnactive.io.models import Frozen, StateFile

SOURCES: Final = prepared.SOURCES
"""File beside ``prepared.json``; only datasets without label maps have it."""


class Image(Frozen):
    """One image as its owner has it."""

    id: str
    """Case id; no part of a DICOM header."""
    files: tuple[str, ...]
    """One file a channel, or the folder of a DICOM series; below the images' folder."""
    series: str | None = None
    """UID of the DICOM series in that folder; None: the files are images."""


class Grid(Frozen):
    """The grid of an image in its file."""

    shape: Triple
    """``(Z, Y, X)``."""
    spacing: Spacing
    """mm, (z, y, x)."""
    origin: tuple[float, float, float]
    """mm, SimpleITK's (x, y, z), LPS."""
    direction: tuple[float, float, float, float, float, float, float, float, float]
    """SimpleITK's, row-major 3 x 3."""


class Source(Frozen):
    """One prepared case and the image that it was made from.

    The prepared image is the file's, its axes transposed, cropped to the box of its non-zero voxels
    and resampled to the target spacing.
    """

    image: Image
    grid: Grid
    transpose: Triple
    """nnU-Net's ``transpose_forward``: prepared axis i is the file's axis ``transpose[i]``."""
    crop_start: Triple
    """First voxel of the non-zero box, in the file's axes."""
    crop_size: Triple
    """Its size, in the file's axes."""
    stored: Triple
    """Shape of the prepared image, in its own axes."""
    scale: tuple[float, ...]
    """By channel: intensity in the file = ``scale`` x prepared value + ``offset`` ..."""
    offset: tuple[float, ...]
    """... but for resampling and for values that were clipped."""


class Sources(StateFile):
    """Content of ``sources.json``."""

    SCHEMA: ClassVar[int] = 1

    cases: dict[str, Source]
    """By case id, sorted."""


class Box(Frozen):
    """A box of voxels in an image's own grid, axes as in its file."""

    start: Triple
    """Inclusive, (z, y, x)."""
    size: Triple

    @property
    def stop(self) -> Triple:
        """First voxel past the box on each axis."""
        z, y, x = (a + s for a, s in zip(self.start, self.size, strict=True))
        return z, y, x

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the box in an array of the image's shape."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    def overlaps(self, other: "Box") -> bool:
        """Whether two boxes of one image share a voxel."""
        return all(
            a < d and c < b
            for a, b, c, d in zip(self.start, self.stop, other.start, other.stop, strict=True)
        )

"""Facts about the pool and the query."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nnactive.geometry import Patch, Spacing, Triple


@dataclass(frozen=True, kw_only=True)
class PoolInfo:
    """Facts about the pool and the query; axis order ``(Z, Y, X)``, sizes in voxels."""

    shapes: Mapping[str, Triple]
    """Shape of each case's image, by case id, sorted."""
    spacing: Spacing
    """Voxel size in mm."""
    patch_size: Triple
    """Query patch size; in an image that is smaller on an axis, a patch has its extent there. Where
    patches are whole slices, two of the sizes are larger than any image."""
    stride: Triple
    """Distance between neighbouring start positions."""
    candidates: int
    """Patches that an image may put forward."""
    loop: int
    """Number of the loop that this query makes, from 1."""
    queries: int
    """Number of queries in the whole experiment, T."""
    n_classes: int
    """Number of classes, background included."""
    labelled: tuple[Patch, ...]
    """Patches labelled so far."""

    def __post_init__(self) -> None:
        ordered = {case: self.shapes[case] for case in sorted(self.shapes)}
        object.__setattr__(self, "shapes", MappingProxyType(ordered))

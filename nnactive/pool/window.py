"""The sliding window: which tiles of an image a network sees, and how results are put together."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nnactive.geometry import Triple

if TYPE_CHECKING:
    from torch import Tensor

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Tile:
    """A position of the sliding window; slices are in ``(Z, Y, X)``."""

    start: Triple
    """In the padded image."""
    box: Box
    """The part of the image that it covers."""
    inner: Box
    """Where that part lies in the tile; the rest is padding."""


@dataclass(frozen=True)
class SlidingWindow:
    """nnU-Net's sliding window over an image; sizes in voxels, ``(Z, Y, X)``."""

    shape: Triple
    """The image's shape."""
    size: Triple
    """Size of a tile: the patch that the network was trained on."""
    step: float
    """Largest distance between neighbouring tiles, as a fraction of the tile."""
    padding: Triple
    """Zeros before an image that is smaller than a tile; as many follow it, or one more."""
    starts: tuple[Triple, ...]
    """Where the tiles begin in the padded image."""
    gaussian: Callable[[], np.ndarray]
    """Makes `weights`, which not everyone needs."""

    @cached_property
    def weights(self) -> np.ndarray:
        """Weight of each voxel of a tile where tiles overlap, float32: nnU-Net's Gaussian."""
        return self.gaussian()

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """All positions, in nnU-Net's order."""
        return tuple(self._tile(start) for start in self.starts)

    def _tile(self, start: Triple) -> Tile:
        sides = [
            (max(0, a - p), min(n, a - p + t), p - a)
            for a, p, n, t in zip(start, self.padding, self.shape, self.size, strict=True)
        ]
        z, y, x = (slice(low, high) for low, high, _ in sides)
        iz, iy, ix = (slice(low + shift, high + shift) for low, high, shift in sides)
        return Tile(start, (z, y, x), (iz, iy, ix))

    def pad(self, image: np.ndarray) -> "Tensor":
        """The padded image ``(C, Z, Y, X)``; shares the image's memory where nothing is added."""
        import torch

        data = torch.from_numpy(image)
        sides = [
            side
            for n, t, before in zip(self.shape, self.size, self.padding, strict=True)
            for side in (max(0, t - n) - before, before)
        ][::-1]  # torch begins with the last axis
        return torch.nn.functional.pad(data, sides) if any(sides) else data

    def cut(self, padded: "Tensor", tile: Tile) -> "Tensor":
        """The network's input at a tile, ``(1, C, z, y, x)``, from the padded image."""
        z, y, x = (slice(a, a + t) for a, t in zip(tile.start, self.size, strict=True))
        return padded[None, :, z, y, x]

    def blend(self, parts: Iterable[tuple[Tile, "Tensor"]]) -> "Tensor":
        """One volume from tiles' values: means weighted by `weights` where tiles overlap.

        Args:
            parts: values ``(K, z, y, x)`` of each tile's part of the image, its ``box``.

        Returns:
            float32 ``(K, Z, Y, X)``, on the CPU; takes that and one volume of memory.
        """
        import torch

        total: Tensor | None = None
        count = torch.zeros(self.shape)
        for tile, values in parts:
            weights = torch.from_numpy(self.weights[tile.inner])
            if total is None:
                total = torch.zeros((len(values), *self.shape))
            for out, value in zip(total, values, strict=True):
                out[tile.box] += weights * value.float().cpu()
            count[tile.box] += weights
        if total is None:
            raise ValueError("no tiles to put together")
        return total.div_(count)


def to_voxels(values: "Tensor", window: SlidingWindow, tile: Tile) -> "Tensor":
    """Values of a tile's cells ``(K, z, y, x)`` at its part of the image, ``(K, *box)``.

    Each voxel gets the value of the cell that holds its centre.
    """
    import torch

    found = values
    for axis, (extent, inner) in enumerate(zip(window.size, tile.inner, strict=True), start=1):
        cells = values.shape[axis]
        if cells == extent and inner == slice(0, extent):
            continue
        voxels = torch.arange(inner.start, inner.stop, device=values.device)
        # Whole numbers alone: the cell of voxel v is floor((v + 1/2) * cells / extent).
        found = found.index_select(axis, (2 * voxels + 1) * cells // (2 * extent))
    return found

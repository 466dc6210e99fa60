"""A member's features at every voxel of an image, streamed: nothing holds all of them at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnactive.errors import MethodError, PredictionError
from nnactive.pool.guards import infrastructure, method_code
from nnactive.pool.window import Box, SlidingWindow, Tile, to_voxels

if TYPE_CHECKING:
    from torch import Tensor

_AXES = 4


@dataclass(frozen=True)
class FeatureTile:
    """Features of one position of the sliding window."""

    features: "Tensor"
    """float32 ``(D, z, y, x)``, in the stage's own resolution: a cell stands for several voxels."""
    tile: Tile
    window: SlidingWindow

    @property
    def box(self) -> Box:
        """The part of the image that the tile covers, as slices in ``(Z, Y, X)``."""
        return self.tile.box

    @property
    def weights(self) -> "Tensor":
        """Weight of the tile's voxels where tiles overlap, float32, of the box's size."""
        import torch

        return torch.from_numpy(self.window.weights[self.tile.inner])

    def to_voxels(self, values: "Tensor") -> "Tensor":
        """Values of the cells, ``(K, z, y, x)``, at the voxels of the box, ``(K, Z, Y, X)``."""
        return to_voxels(values, self.window, self.tile)


@dataclass(frozen=True)
class VoxelFeatures:
    """Features of one member at every voxel of one image; each use runs the network again."""

    case: str
    member: int
    stage: str
    window: SlidingWindow
    n_classes: int
    passes: Callable[[], Iterator[tuple[Tile, "Tensor"]]]
    """Starts a pass of the network over the tiles."""

    def tiles(self) -> Iterator[FeatureTile]:
        """Features tile by tile; in memory is one tile's, as long as you keep no other.

        Raises:
            PredictionError: if features aren't finite.
        """
        with infrastructure(self.case, "features"):
            passing = self.passes()
        while True:
            with infrastructure(self.case, "features"):
                found = next(passing, None)
            if found is None:
                return
            tile, features = found
            if not bool(features.isfinite().all()):
                raise PredictionError(
                    f"{self.case}: a member's features are NaN or infinite; "
                    "its training diverged, train the folds again"
                )
            del found
            yield FeatureTile(features, tile, self.window)
            del features  # before the next tile's are computed

    def map(self, function: "Callable[[Tensor], Tensor]") -> "Tensor":
        """A function of each voxel's features, as a volume, in one pass.

        Args:
            function: from features ``(D, z, y, x)`` to values ``(z, y, x)`` or ``(K, z, y, x)``;
                each value may depend on the features of its own place alone.

        Returns:
            float32 ``(Z, Y, X)`` or ``(K, Z, Y, X)``, on the CPU. Where tiles overlap it is the
            mean, weighted as in nnU-Net's prediction. Takes K + 1 volumes of memory.
        """
        flat = False

        def parts() -> "Iterator[tuple[Tile, Tensor]]":
            nonlocal flat
            for each in self.tiles():
                with method_code(self.case):
                    values = function(each.features)
                    flat = values.ndim == _AXES - 1
                    if values.shape[-3:] != each.features.shape[1:] or values.ndim > _AXES:
                        raise MethodError(
                            f"{self.case}: the function returned shape {tuple(values.shape)} for "
                            f"features of shape {tuple(each.features.shape)}; only the first axis "
                            "may change or go"
                        )
                    voxels = each.to_voxels(values[None] if flat else values)
                tile = each.tile
                del each, values
                yield tile, voxels

        blended = self.window.blend(parts())
        return blended[0] if flat else blended

    def blocks(self, channels: int | None = None) -> "Iterator[tuple[slice, Tensor]]":
        """The features themselves as volumes, some channels at a time.

        Args:
            channels: features in a block; by default as many as there are classes, so that a block
                takes about as much memory as a prediction. Each block takes a pass of the network.

        Yields:
            which features, and their values, float32 ``(len, Z, Y, X)``, on the CPU.
        """
        width = self.n_classes if channels is None else channels
        if width < 1:
            raise MethodError(f"{self.case}: blocks of {width} channels; it must be at least 1")
        first, last = 0, 1
        while first < last:
            some = slice(first, first + width)
            block, last = self._block(some)
            yield slice(first, min(some.stop, last)), block
            del block
            first += width

    def _block(self, some: slice) -> "tuple[Tensor, int]":
        """These features as a volume, and how many there are in all."""
        every = 0

        def parts() -> "Iterator[tuple[Tile, Tensor]]":
            nonlocal every
            for each in self.tiles():
                every = len(each.features)
                tile, voxels = each.tile, each.to_voxels(each.features[some])
                del each
                yield tile, voxels

        return self.window.blend(parts()), every

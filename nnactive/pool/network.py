"""The ensemble's networks as a method gets them: lent for a while, with their sliding window."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, Triple
from nnactive.pool.features import VoxelFeatures
from nnactive.pool.window import SlidingWindow, Tile
from nnactive.query.prediction import Prediction

if TYPE_CHECKING:
    from torch import Tensor, nn

    from nnactive.pool.torch_rng import TorchRng

_AXES = 3
LAST_OF_ENCODER = "encoder.-1"
"""The stage that ``pool.embed`` reads."""


class LentNetwork:
    """One member's network, lent to a method until its ``with`` block ends.

    It is a copy: whatever the method does to weights, modes, gradients and hooks goes with it.
    """

    def __init__(
        self,
        module: "nn.Module",
        member: int,
        device: str,
        stages: "Mapping[str, nn.Module]",
        window: Callable[[Triple], SlidingWindow],
    ) -> None:
        self.member = member
        """Number of the member, from 0."""
        self.device = device
        """Where its weights are, as torch calls it."""
        self._module: nn.Module | None = module
        self._stages = dict(stages)
        self._window = window

    @property
    def module(self) -> "nn.Module":
        """The network, in evaluation mode: from ``(N, C, z, y, x)`` to logits of the classes.

        Raises:
            MethodError: once the block has ended.
        """
        if self._module is None:
            raise MethodError("the network was lent until the end of 'with pool.network(...)'")
        return self._module

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of its stages, as in ``pool.stages``."""
        return tuple(self._stages)

    def stage(self, name: str) -> "nn.Module":
        """The module whose output is a stage's feature map, for hooks.

        Raises:
            MethodError: if there is no such stage.
        """
        return self._stages[stage_of(name, self.stages)]

    def window(self, shape: Triple) -> SlidingWindow:
        """The sliding window over an image of this shape ``(Z, Y, X)``: tiles, padding, weights."""
        return self._window(shape)

    def tiles(self, image: np.ndarray) -> "Iterator[tuple[Tile, Tensor]]":
        """Each position of the sliding window and the network's input there.

        Args:
            image: an image, ``(C, Z, Y, X)``, such as ``pool.image(case)``.

        Yields:
            the position, and float32 ``(1, C, z, y, x)`` on the network's device.
        """
        window, padded = self._padded(image)
        for tile in window.tiles:
            yield tile, window.cut(padded, tile).to(self.device)

    def blend(self, image: np.ndarray, function: "Callable[[Tensor], Tensor]") -> "Tensor":
        """A function of the network's input, over the sliding window, without gradients.

        Args:
            image: an image, ``(C, Z, Y, X)``.
            function: from a tile's input ``(1, C, z, y, x)`` to values ``(K, z, y, x)``, such as
                ``lambda tile: net.module(tile)[0].softmax(0)``.

        Returns:
            float32 ``(K, Z, Y, X)`` on the CPU: the mean where tiles overlap, weighted as in
            nnU-Net's prediction.
        """
        import torch

        window, padded = self._padded(image)

        def parts() -> "Iterator[tuple[Tile, Tensor]]":
            for tile in window.tiles:
                data = window.cut(padded, tile).to(self.device)
                values = function(data)
                if values.ndim != _AXES + 1 or values.shape[1:] != data.shape[2:]:
                    raise MethodError(
                        f"the function of a tile returned shape {tuple(values.shape)}, "
                        f"it must return (K, {', '.join(map(str, data.shape[2:]))})"
                    )
                yield tile, values[:, *tile.inner]

        with torch.no_grad():
            return window.blend(parts())

    def dropout(self, stage: str, p: float, rng: "TorchRng") -> None:
        """From now on, drop each feature of a stage with probability ``p``, in all its voxels.

        nnU-Net's networks have no dropout; this adds that of whole feature maps (Tompson et al.
        2015, https://doi.org/10.1109/CVPR.2015.7298664), scaled by ``1 / (1 - p)``.

        Args:
            stage: name of the stage.
            p: probability, from 0 to less than 1.
            rng: where the draws come from: ``pool.torch_rng("dropout", case)``.
        """
        import torch

        if not 0 <= p < 1:
            raise MethodError(f"dropout with p = {p}; it must be at least 0 and less than 1")

        def drop(_: object, __: object, features: "Tensor") -> "Tensor":
            kept = torch.full(features.shape[:2], 1 - p).bernoulli_(1 - p, generator=rng)
            kept = (kept / (1 - p)).to(features.device, features.dtype)
            return features * kept[:, :, None, None, None]

        self.stage(stage).register_forward_hook(drop)

    def _padded(self, image: np.ndarray) -> "tuple[SlidingWindow, Tensor]":
        array = as_image(image)
        if array.ndim != _AXES + 1:
            raise MethodError(f"an image is (C, Z, Y, X), this one has shape {array.shape}")
        z, y, x = array.shape[1:]
        window = self._window((z, y, x))
        return window, window.pad(array)

    def end(self) -> None:
        """Take the network back; the pool does this when the block ends."""
        self._module, self._stages = None, {}


class NetworkSource(Protocol):
    """Reads the ensemble's networks for a pool; all arguments are checked by the pool."""

    @property
    def members(self) -> int:
        """Number of members."""

    @property
    def channels(self) -> int:
        """Channels of an image."""

    def stages(self) -> tuple[str, ...]:
        """Names of the network's stages, in the order of computation."""

    def predict(self, case: str, image: np.ndarray, needs: frozenset[str]) -> Prediction:
        """The prediction of another image of the case's shape."""

    def features(
        self, case: str, stage: str, patches: Sequence[Patch], image: np.ndarray | None
    ) -> np.ndarray:
        """Features of patches, float32 ``(len(patches), D)``."""

    def voxel_features(
        self, case: str, shape: Triple, stage: str, image: np.ndarray | None
    ) -> list[VoxelFeatures]:
        """Each member's features of the voxels of an image of this shape."""

    def lend(self, member: int) -> AbstractContextManager[LentNetwork]:
        """One member's network."""


def stage_of(name: str, stages: Sequence[str]) -> str:
    """The name of a stage, counted from the first; negative numbers count from the last.

    >>> stage_of("decoder.-1", ["encoder.0", "encoder.1", "decoder.0"])
    'decoder.0'

    Raises:
        MethodError: if there is no such stage.
    """
    part, _, number = name.partition(".")
    mine = [stage for stage in stages if stage.startswith(f"{part}.")]
    try:
        return mine[int(number)]
    except (ValueError, IndexError):
        known = ", ".join(stages) or "none"
        raise MethodError(f"the network has no stage '{name}'; its stages: {known}") from None


def as_image(image: Any) -> np.ndarray:
    """An array or tensor as a float32 array that torch can take; its memory where possible."""
    array = image.detach().cpu().numpy() if hasattr(image, "detach") else np.asarray(image)
    return np.require(array, np.float32, ["C", "W"])


def checked_image(case: str, image: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An image that a method made, as float32.

    Raises:
        MethodError: if it isn't of this shape ``(C, Z, Y, X)``, of floats, and finite.
    """
    found = tuple(np.shape(image))
    if found != shape:
        raise MethodError(f"{case}: the image has shape {found}, it must have the case's {shape}")
    floating = image.is_floating_point() if hasattr(image, "detach") else None
    if not (np.asarray(image).dtype.kind == "f" if floating is None else floating):
        raise MethodError(f"{case}: the image is of {image.dtype}; it must be of floats")
    array = as_image(image)
    if not np.isfinite(array).all():
        raise MethodError(f"{case}: the image is NaN or infinite in some voxels")
    return array


def checked_patches(case: str, patches: Sequence[Patch], shape: Triple) -> Sequence[Patch]:
    """Patches of a case.

    Raises:
        MethodError: if one isn't inside the case's image.
    """
    for patch in patches:
        if patch.case != case or not patch.inside(shape):
            raise MethodError(f"{case}: {patch} isn't inside its image of shape {shape}")
    return patches

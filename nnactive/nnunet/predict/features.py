"""Features of an image from a stage of a network: averaged over patches, or tile by tile."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.devices import autocast
from nnactive.geometry import Patch
from nnactive.nnunet.predict.stages import feature_map
from nnactive.pool.window import SlidingWindow, Tile

if TYPE_CHECKING:
    from torch import Tensor, nn

PATCHES_AT_ONCE = 256
"""Bounds the memory, which is this many times the features of one slice of a tile."""


def patch_features(
    network: "nn.Module",
    window: SlidingWindow,
    image: np.ndarray,
    stage: str,
    patches: Sequence[Patch],
    device: str,
) -> np.ndarray:
    """Mean over each patch of a stage's features.

    A cell of a tile's feature map represents the box that it covers; a patch's features are the
    mean of all cells of all tiles, weighted by the voxels that box and patch share. Only one tile's
    feature map is in memory at a time.

    Args:
        network: one member's network, on ``device``.
        window: the sliding window over the image.
        image: normalised image, ``(C, Z, Y, X)``.
        stage: name of the stage, as `stages` gives it.
        patches: patches inside the image.
        device: where to compute.

    Returns:
        float64, ``(len(patches), D)``, with D the stage's features.

    Raises:
        UserError: if the network has no encoder that returns a list of feature maps.
    """
    starts = np.array([patch.start for patch in patches]).reshape(-1, 3) + window.padding
    stops = np.array([patch.stop for patch in patches]).reshape(-1, 3) + window.padding
    touched = [
        tile
        for tile in window.tiles
        if np.any(np.all((starts < np.add(tile.start, window.size)) & (stops > tile.start), axis=1))
    ]
    total = np.zeros((len(patches), 1))
    weight = np.zeros(len(patches))
    padded = window.pad(image)
    for tile in touched or window.tiles[:1]:  # at least one, even without patches: it determines D
        tensor = tile_features(network, stage, window.cut(padded, tile), device)
        features = np.asarray(tensor.double().cpu())
        overlaps = [
            _overlap(starts[:, axis] - tile.start[axis], stops[:, axis] - tile.start[axis], *sizes)
            for axis, sizes in enumerate(zip(features.shape[1:], window.size, strict=True))
        ]
        total = total + _sums(features, overlaps)
        weight += np.prod([overlap.sum(axis=1) for overlap in overlaps], axis=0)
    return total / weight[:, None]


def tile_features(network: "nn.Module", stage: str, data: "Tensor", device: str) -> "Tensor":
    """A stage's features of a tile ``(1, C, z, y, x)``, on the device: ``(D, z, y, x)``."""
    import torch

    with torch.no_grad(), autocast(device):
        return feature_map(network, stage, data.to(device))[0]


def every_tile(window: SlidingWindow, image: np.ndarray) -> "Iterator[tuple[Tile, Tensor]]":
    """Each position of the window with the network's input there, on the CPU."""
    padded = window.pad(image)
    for tile in window.tiles:
        yield tile, window.cut(padded, tile)


def _sums(features: np.ndarray, overlaps: list[np.ndarray]) -> np.ndarray:
    """Sums of the features ``(D, z, y, x)`` in each patch's share of the cells, ``(N, D)``."""
    order: Any = ["einsum_path", (0, 1), (0, 2), (0, 1)]  # x, then y, then z
    sums = np.empty((len(overlaps[0]), len(features)))
    for first in range(0, len(sums), PATCHES_AT_ONCE):
        some = slice(first, first + PATCHES_AT_ONCE)
        z, y, x = (overlap[some] for overlap in overlaps)
        sums[some] = np.einsum("dzyx,nx,ny,nz->nd", features, x, y, z, optimize=order)
    return sums


def _overlap(starts: np.ndarray, stops: np.ndarray, cells: int, extent: int) -> np.ndarray:
    """Voxels along one axis that each patch shares with each cell of a tile, ``(N, cells)``."""
    edges = np.linspace(0, extent, cells + 1)
    shared: np.ndarray = np.minimum(stops[:, None], edges[1:])
    shared -= np.maximum(starts[:, None], edges[:-1])
    return shared.clip(min=0)

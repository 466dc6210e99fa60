"""Embeddings of patches: features of the network's bottleneck, averaged over each patch."""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.devices import autocast
from nnactive.errors import UserError
from nnactive.geometry import Patch

if TYPE_CHECKING:
    import torch

_AXES = 5
PATCHES_AT_ONCE = 256
"""Bounds the memory, which is this many times the features of one slice of a tile."""


def embed(predictor: Any, image: np.ndarray, patches: Sequence[Patch]) -> np.ndarray:
    """Mean over each patch of the features from the encoder's last stage.

    The image is padded and cut into tiles as in nnU-Net's prediction. A cell of a tile's last
    feature map represents the box that it covers; a patch's embedding is the mean of all cells of
    all tiles, weighted by the voxels that box and patch share. Only one tile's feature map is in
    memory at a time.

    Args:
        predictor: nnU-Net's predictor with one member's weights in its network.
        image: normalised image, ``(C, Z, Y, X)``.
        patches: patches inside the image.

    Returns:
        float64, ``(len(patches), D)``, with D the last stage's features.

    Raises:
        UserError: if the network has no encoder that returns a list of feature maps.
    """
    import torch

    tiles, padding, data = _tiles(predictor, image)
    tile_size = predictor.configuration_manager.patch_size
    starts = np.array([patch.start for patch in patches]).reshape(-1, 3) + padding
    stops = np.array([patch.stop for patch in patches]).reshape(-1, 3) + padding
    touched = [
        tile
        for tile in tiles
        if np.any(np.all((starts < np.add(tile, tile_size)) & (stops > tile), axis=1))
    ]
    device = predictor.device
    predictor.network = predictor.network.to(device).eval()
    total = np.zeros((len(patches), 1))
    weight = np.zeros(len(patches))
    for tile in touched or tiles[:1]:  # at least one, even without patches: it determines D
        window = tuple(slice(a, a + n) for a, n in zip(tile, tile_size, strict=True))
        with torch.inference_mode(), autocast(device.type):
            features = _last_stage(predictor.network, data[(slice(None), *window)][None].to(device))
        overlaps = [
            _overlap(starts[:, axis] - tile[axis], stops[:, axis] - tile[axis], cells, extent)
            for axis, (cells, extent) in enumerate(zip(features.shape[1:], tile_size, strict=True))
        ]
        total = total + _sums(features, overlaps)
        weight += np.prod([overlap.sum(axis=1) for overlap in overlaps], axis=0)
    return total / weight[:, None]


def _sums(features: np.ndarray, overlaps: list[np.ndarray]) -> np.ndarray:
    """Sums of the features ``(D, z, y, x)`` in each patch's share of the cells, ``(N, D)``."""
    order: Any = ["einsum_path", (0, 1), (0, 2), (0, 1)]  # x, then y, then z
    sums = np.empty((len(overlaps[0]), len(features)))
    for first in range(0, len(sums), PATCHES_AT_ONCE):
        some = slice(first, first + PATCHES_AT_ONCE)
        z, y, x = (overlap[some] for overlap in overlaps)
        sums[some] = np.einsum("dzyx,nx,ny,nz->nd", features, x, y, z, optimize=order)
    return sums


def _tiles(
    predictor: Any, image: np.ndarray
) -> "tuple[list[tuple[int, ...]], np.ndarray, torch.Tensor]":
    """Starts of nnU-Net's tiles in the padded image, the leading padding, and the padded image."""
    import torch
    from acvl_utils.cropping_and_padding.padding import pad_nd_image
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    size = predictor.configuration_manager.patch_size
    zero = {"value": 0}
    data, inner = pad_nd_image(torch.from_numpy(image), size, "constant", zero, True, None)  # noqa: FBT003
    steps = compute_steps_for_sliding_window(data.shape[1:], size, predictor.tile_step_size)
    return list(product(*steps)), np.array([part.start for part in inner[1:]]), data


def _last_stage(network: "torch.nn.Module", window: "torch.Tensor") -> np.ndarray:
    """Last feature map of a tile ``(1, C, z, y, x)``, float64 ``(D, z, y, x)``."""
    encoder = getattr(network, "encoder", None)
    stages = encoder(window) if encoder is not None else None
    if not isinstance(stages, list | tuple) or stages[-1].ndim != _AXES:
        raise UserError(
            f"the network {type(network).__name__} has no encoder that returns a list of feature "
            "maps (1, D, z, y, x), so patches have no embedding; choose a method that needs none"
        )
    return np.asarray(stages[-1][0].double().cpu())


def _overlap(starts: np.ndarray, stops: np.ndarray, cells: int, extent: int) -> np.ndarray:
    """Voxels along one axis that each patch shares with each cell of a tile, ``(N, cells)``."""
    edges = np.linspace(0, extent, cells + 1)
    shared: np.ndarray = np.minimum(stops[:, None], edges[1:])
    shared -= np.maximum(starts[:, None], edges[:-1])
    return shared.clip(min=0)

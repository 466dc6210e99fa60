from types import SimpleNamespace

import numpy as np
import pytest
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from torch import nn

from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.nnunet.predict.features import PATCHES_AT_ONCE, patch_features
from nnactive.nnunet.predict.window import sliding_window

TILE = (8, 8, 12)
STRIDES = [[1, 1, 1], [2, 2, 1], [1, 2, 3]]
CELL = (2, 4, 3)
"""Voxels of a tile that a cell of the last feature map covers."""

rng = np.random.default_rng(8)


def network(kind=PlainConvUNet):
    torch.manual_seed(1)
    blocks = {PlainConvUNet: "n_conv_per_stage", ResidualEncoderUNet: "n_blocks_per_stage"}[kind]
    return kind(
        input_channels=2,
        n_stages=3,
        features_per_stage=[3, 4, 5],
        conv_op=nn.Conv3d,
        kernel_sizes=3,
        strides=STRIDES,
        num_classes=2,
        n_conv_per_stage_decoder=1,
        norm_op=nn.InstanceNorm3d,
        nonlin=nn.LeakyReLU,
        **{blocks: 1},
    ).eval()


def predictor(net):
    made = nnUNetPredictor(tile_step_size=0.75, device=torch.device("cpu"), allow_tqdm=False)
    made.configuration_manager = SimpleNamespace(patch_size=TILE)
    made.network = net
    return made


def embed(made, image, patches, stage="encoder.-1"):
    window = sliding_window(image.shape[1:], TILE, made.tile_step_size)
    return patch_features(made.network, window, image, stage, patches, "cpu")


def voxel_by_voxel(made, image, patches):
    """Each tile's features written into every voxel that they cover, then the patches' means.

    The tiles are those of nnU-Net's own predictor; the padding is written out.
    """
    missing = [max(0, t - n) for t, n in zip(TILE, image.shape[1:], strict=True)]
    before = [m // 2 for m in missing]
    padded = np.pad(image, [(0, 0), *((b, m - b) for b, m in zip(before, missing, strict=True))])
    total = np.zeros((5, *padded.shape[1:]))
    count = np.zeros(padded.shape[1:])
    for tile in made._internal_get_sliding_window_slicers(padded.shape[1:]):
        with torch.no_grad():
            features = made.network.encoder(torch.from_numpy(padded[tile])[None])[-1][0].numpy()
        for axis, cell in enumerate(CELL):
            features = features.repeat(cell, axis=axis + 1)
        total[tile] += features
        count[tile[1:]] += 1
    found = []
    for patch in patches:
        box = tuple(
            slice(b + s, b + e) for b, s, e in zip(before, patch.start, patch.stop, strict=True)
        )
        found.append(total[(slice(None), *box)].sum(axis=(1, 2, 3)) / count[box].sum())
    return np.array(found)


@pytest.mark.parametrize("kind", [PlainConvUNet, ResidualEncoderUNet])
@pytest.mark.parametrize("shape", [(8, 8, 12), (13, 21, 17), (5, 9, 30), (3, 4, 5)])
def test_embeddings_equal_the_voxel_by_voxel_mean(kind, shape) -> None:
    image = rng.normal(size=(2, *shape)).astype(np.float32)
    size = tuple(min(p, n) for p, n in zip((3, 5, 4), shape, strict=True))
    last = tuple(n - s for n, s in zip(shape, size, strict=True))
    starts = [(0, 0, 0), last, tuple(n // 2 for n in last), (last[0], 0, last[2] // 3)]
    patches = [Patch("a", start, size) for start in starts] + [Patch("a", (0, 0, 0), shape)]
    made = predictor(network(kind))
    found = embed(made, image, patches)
    assert found.shape == (5, 5)
    np.testing.assert_allclose(found, voxel_by_voxel(made, image, patches), atol=1e-5)


def test_many_patches_and_none() -> None:
    image = rng.normal(size=(2, 8, 8, 30)).astype(np.float32)
    made = predictor(network())
    patches = [Patch("a", (0, 0, x % 20), (4, 4, 4)) for x in range(PATCHES_AT_ONCE + 5)]
    found = embed(made, image, patches)
    np.testing.assert_allclose(found[:20], embed(made, image, patches[:20]))
    np.testing.assert_allclose(found[20:], found[[i % 20 for i in range(20, len(patches))]])
    assert embed(made, image, []).shape == (0, 5)


def test_only_tiles_that_a_patch_touches_are_computed() -> None:
    net, tiles = network(), []
    net.encoder.register_forward_hook(lambda *_: tiles.append(1))
    image = np.zeros((2, 8, 8, 90), dtype=np.float32)
    embed(predictor(net), image, [Patch("a", (0, 0, 0), (2, 2, 2))])
    assert len(tiles) == 1


class Headless(nn.Module):
    def forward(self, x):
        return x


class Unusual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Headless()


@pytest.mark.parametrize("net", [Headless(), Unusual()])
def test_networks_without_an_encoder_are_refused(net) -> None:
    image = np.zeros((2, *TILE), dtype=np.float32)
    with pytest.raises(UserError, match=f"network {type(net).__name__} has no encoder"):
        embed(predictor(net), image, [Patch("a", (0, 0, 0), (2, 2, 2))])

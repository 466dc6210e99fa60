"""What a network costs, counted from nnU-Net's plans without torch: operations, weights, memory."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

from nnactive.geometry import Triple, as_triple
from nnactive.nnunet.plans import CONFIGURATION, adapt
from nnactive.settings import Training

GIB: Final = 1 << 30
TRAINING: Final = 3
"""Operations of a training iteration in forward passes: one forward, two for the gradients."""
REFERENCE_VALUES: Final = 560_000_000
"""nnU-Net's reference: a network whose feature maps hold so many values a batch of two ..."""
REFERENCE_GIB: Final = 8
"""... trains with this much memory, in GiB."""
FLOAT: Final = 4
"""Bytes of a weight."""


@dataclass(frozen=True)
class Network:
    """nnU-Net's plain U-Net; sizes in voxels, (z, y, x)."""

    patch: Triple
    batch: int
    channels: int
    classes: int
    """Background included."""
    features: tuple[int, ...]
    """By stage, as all that follows."""
    kernels: tuple[Triple, ...]
    strides: tuple[Triple, ...]
    convolutions: tuple[int, ...]
    decoder: tuple[int, ...]
    """Convolutions of the decoder's stages, from the deepest."""
    key: str = field(default="", compare=False)
    """Short hash of all of these."""

    def __post_init__(self) -> None:
        text = repr((self.patch, self.batch, self.channels, self.classes, self._shape))
        object.__setattr__(self, "key", hashlib.sha256(text.encode()).hexdigest()[:10])

    @property
    def _shape(self) -> tuple[object, ...]:
        return self.features, self.kernels, self.strides, self.convolutions, self.decoder

    @property
    def voxels(self) -> tuple[int, ...]:
        """Voxels of each stage's feature maps."""
        sizes, size = [], self.patch
        for stride in self.strides:
            size = as_triple([-(-n // s) for n, s in zip(size, stride, strict=True)])
            sizes.append(prod(size))
        return tuple(sizes)


def network_of(
    plans: Mapping[str, Any], training: Training, *, channels: int, classes: int
) -> Network:
    """The network that a setting trains.

    Args:
        plans: a dataset's, as nnU-Net writes them.
        training: the setting's, which may narrow the network.
        channels: of an image.
        classes: background included.
    """
    configuration = adapt(dict(plans), training)["configurations"][CONFIGURATION]
    shape = configuration["architecture"]["arch_kwargs"]
    return Network(
        patch=as_triple(configuration["patch_size"]),
        batch=int(configuration["batch_size"]),
        channels=channels,
        classes=classes,
        features=tuple(shape["features_per_stage"]),
        kernels=_triples(shape["kernel_sizes"]),
        strides=_triples(shape["strides"]),
        convolutions=tuple(shape["n_conv_per_stage"]),
        decoder=tuple(shape["n_conv_per_stage_decoder"]),
    )


def _triples(values: Sequence[Sequence[int]]) -> tuple[Triple, ...]:
    return tuple(as_triple(value) for value in values)


def forward_operations(network: Network) -> float:
    """Floating-point operations of one sample's forward pass: two for each multiply and add."""
    total = 0
    for stage, (voxels, features) in enumerate(zip(network.voxels, network.features, strict=True)):
        before = network.features[stage - 1] if stage else network.channels
        kernel = prod(network.kernels[stage])
        inner = (network.convolutions[stage] - 1) * features
        total += voxels * features * kernel * (before + inner)
    for depth, count in enumerate(network.decoder, 1):
        stage = len(network.features) - 1 - depth
        voxels, features = network.voxels[stage], network.features[stage]
        kernel = prod(network.kernels[stage])
        total += (
            network.voxels[stage + 1]
            * network.features[stage + 1]
            * features
            * prod(network.strides[stage + 1])
        )
        total += voxels * features * kernel * (2 * features + (count - 1) * features)
    total += network.voxels[0] * network.features[0] * network.classes
    return 2.0 * total


def iteration_operations(network: Network) -> float:
    """Floating-point operations of one training iteration: a whole batch, forward and backward."""
    return TRAINING * network.batch * forward_operations(network)


def feature_values(network: Network) -> int:
    """Values of one sample's feature maps, as nnU-Net counts them for its estimate of memory."""
    pairs = zip(network.voxels, network.features, network.convolutions, strict=True)
    total = sum(voxels * features * count for voxels, features, count in pairs)
    for depth, count in enumerate(network.decoder, 1):
        stage = len(network.features) - 1 - depth
        per_voxel = (count + 1) * network.features[stage]
        total += network.voxels[stage] * (per_voxel + (network.classes if not stage else 0))
    return total


def weights(network: Network) -> int:
    """Number of weights, those of deep supervision included."""
    total, before = 0, network.channels
    stages = zip(network.features, network.kernels, network.convolutions, strict=True)
    for features, kernel, count in stages:
        total += prod(kernel) * features * (before + (count - 1) * features)
        total += 3 * count * features  # bias, and the norm's scale and shift
        before = features
    for depth, count in enumerate(network.decoder, 1):
        stage = len(network.features) - 1 - depth
        features, size = network.features[stage], prod(network.kernels[stage])
        below = network.features[stage + 1]
        total += below * features * prod(network.strides[stage + 1]) + features
        total += size * features * (2 * features + (count - 1) * features) + 3 * count * features
        total += (features + 1) * network.classes
    return total


def training_memory(network: Network) -> float:
    """GPU memory of a training in GiB, by nnU-Net's reference."""
    values = feature_values(network) * network.batch / 2
    return REFERENCE_GIB * values / REFERENCE_VALUES + 4 * FLOAT * weights(network) / GIB


def prediction_memory(network: Network) -> float:
    """GPU memory of one tile's prediction in GiB: two feature maps of the first stages, weights."""
    widest = max(v * f for v, f in zip(network.voxels, network.features, strict=True))
    return FLOAT * (4 * widest + weights(network)) / GIB


def member_bytes(network: Network) -> int:
    """Size of a trained network's file."""
    return FLOAT * weights(network)


def tiles(shape: Sequence[int], tile: Sequence[int], step: float) -> int:
    """Number of tiles of nnU-Net's sliding window over an image.

    >>> tiles((40, 40, 40), (40, 40, 40), 0.5), tiles((60, 40, 40), (40, 40, 40), 0.5)
    (1, 2)
    """
    return prod(
        -(-max(0, n - t) // max(1, int(t * step))) + 1 for n, t in zip(shape, tile, strict=True)
    )

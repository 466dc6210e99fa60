"""What a network costs, counted from nnU-Net's plans without torch: operations, weights, memory."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
RESIDUAL_VALUES: Final = 680_000_000
"""Likewise of a network with a residual encoder."""
REFERENCE_GIB: Final = 8
"""... trains with this much memory, in GiB."""
FLOAT: Final = 4
"""Bytes of a weight."""


@dataclass(frozen=True)
class Network:
    """nnU-Net's U-Net, plain or with a residual encoder; sizes in voxels, (z, y, x)."""

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
    blocks: tuple[int, ...] = ()
    """Residual blocks of the encoder's stages, in place of ``convolutions``; empty: it is plain."""
    key: str = field(default="", compare=False)
    """Short hash of all of these."""

    def __post_init__(self) -> None:
        text = repr((self.patch, self.batch, self.channels, self.classes, self._shape))
        object.__setattr__(self, "key", hashlib.sha256(text.encode()).hexdigest()[:10])

    @property
    def _shape(self) -> tuple[object, ...]:
        plain = (self.features, self.kernels, self.strides, self.convolutions, self.decoder)
        return (*plain, self.blocks) if self.blocks else plain

    @cached_property
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
        convolutions=tuple(shape.get("n_conv_per_stage", ())),
        decoder=tuple(shape["n_conv_per_stage_decoder"]),
        blocks=tuple(shape.get("n_blocks_per_stage", ())),
    )


def _triples(values: Sequence[Sequence[int]]) -> tuple[Triple, ...]:
    return tuple(as_triple(value) for value in values)


@dataclass(frozen=True)
class Layer:
    """A convolution of the encoder."""

    stage: int
    before: int
    """Features that it reads."""
    kernel: int
    """Voxels of its kernel; 0: it only pools."""
    biased: bool = True


def encoder(network: Network) -> Iterator[Layer]:
    """All convolutions of the encoder, and what skips residual blocks."""
    before = network.channels
    if network.blocks:
        yield Layer(0, before, prod(network.kernels[0]))  # the stem
        before = network.features[0]
    for stage, features in enumerate(network.features):
        kernel = prod(network.kernels[stage])
        count = 2 * network.blocks[stage] if network.blocks else network.convolutions[stage]
        for number in range(count):
            yield Layer(stage, before, kernel)
            if network.blocks and not number and before != features:
                yield Layer(stage, before, 1, biased=False)
            elif network.blocks and not number and prod(network.strides[stage]) > 1:
                yield Layer(stage, before, 0, biased=False)
            before = features


def forward_operations(network: Network) -> float:
    """Floating-point operations of one sample's forward pass: two for each multiply and add."""
    total = 0
    for layer in encoder(network):
        outputs = network.voxels[layer.stage] * network.features[layer.stage]
        total += outputs * layer.kernel * layer.before
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
    total = sum(
        network.voxels[layer.stage] * network.features[layer.stage] for layer in encoder(network)
    )
    for depth, count in enumerate(network.decoder, 1):
        stage = len(network.features) - 1 - depth
        per_voxel = (count + 1) * network.features[stage]
        total += network.voxels[stage] * (per_voxel + (network.classes if not stage else 0))
    return total


def weights(network: Network) -> int:
    """Number of weights, those of deep supervision included."""
    total = 0
    for layer in encoder(network):
        features = network.features[layer.stage]
        total += layer.kernel * features * layer.before
        # A bias, and the norm's scale and shift.
        total += features * (2 * (layer.kernel > 0) + layer.biased)
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
    reference = RESIDUAL_VALUES if network.blocks else REFERENCE_VALUES
    return REFERENCE_GIB * values / reference + 4 * FLOAT * weights(network) / GIB


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

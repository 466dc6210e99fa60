"""nnU-Net's plan of a dataset that isn't prepared, from its median size and spacing.

It follows nnU-Net's default planner, which imports torch, takes a second a dataset, and needs the
fingerprint of every case; the tests compare the two.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import ceil, prod
from typing import Final

from benchmark.forecast.network.counts import (
    REFERENCE_VALUES,
    RESIDUAL_VALUES,
    Network,
    feature_values,
)
from nnactive.geometry import Spacing, Triple, as_triple

SHORTEST: Final = 4
"""Shortest edge of the deepest feature maps, in voxels."""
FEATURES: Final = 32
MOST_FEATURES: Final = 320
CONVOLUTIONS: Final = 2
BLOCKS: Final = (1, 3, 4, *(6,) * 20)
"""Of a residual encoder's stages."""
FIRST_PATCH: Final = 256.0
"""Edge of the cube whose volume the first guess has."""
COVERED: Final = 0.05
"""Most of the dataset's voxels that a batch may cover; with a residual encoder all of them."""
SMALLEST_BATCH: Final = 2
NEAR: Final = 2
"""Spacings whose ratio is smaller are pooled together."""


def sketch(
    spacing: Spacing,
    median: Sequence[float],
    cases: int,
    *,
    channels: int,
    classes: int,
    residual: bool = False,
) -> Network:
    """The network that nnU-Net would plan.

    Args:
        spacing: in mm, (z, y, x), of the resampled images.
        median: their median size in voxels.
        cases: number of cases in the pool.
        channels: of an image.
        classes: background included.
        residual: by its planner of residual encoders, size M.
    """
    inverse = [1 / value for value in spacing]
    scale = (FIRST_PATCH**3 / prod(inverse)) ** (1 / 3)
    wanted = [min(round(i * scale), m) for i, m in zip(inverse, median, strict=True)]
    # The planner counts the ignore label.
    made = partial(_network, spacing, channels=channels, classes=classes + 1, residual=residual)
    reference = RESIDUAL_VALUES if residual else REFERENCE_VALUES
    network = made(wanted)
    while feature_values(network) > reference:
        patch = list(network.patch)
        axis = max(range(3), key=lambda a: (patch[a] / median[a], a))
        smaller = list(patch)
        smaller[axis] -= _divisor(network)[axis]
        smaller[axis] = patch[axis] - _divisor(made(smaller))[axis]
        network = made(smaller)
    batch = round(reference / feature_values(network) * 2)
    covered = 1.0 if residual else COVERED
    most = round(prod(median) * cases * covered / prod(network.patch))
    return replace(network, batch=max(min(batch, most), SMALLEST_BATCH), classes=classes)


def _network(
    spacing: Spacing, size: Sequence[float], *, channels: int, classes: int, residual: bool
) -> Network:
    strides, kernels = _topology(spacing, size)
    stages = len(strides)
    divisor = [prod(stride[axis] for stride in strides) for axis in range(3)]
    return Network(
        patch=as_triple([ceil(n / d) * d for n, d in zip(size, divisor, strict=True)]),
        batch=SMALLEST_BATCH,
        channels=channels,
        classes=classes,
        features=tuple(min(FEATURES * 2**stage, MOST_FEATURES) for stage in range(stages)),
        kernels=kernels,
        strides=strides,
        convolutions=() if residual else (CONVOLUTIONS,) * stages,
        decoder=(1 if residual else CONVOLUTIONS,) * (stages - 1),
        blocks=BLOCKS[:stages] if residual else (),
    )


def _divisor(network: Network) -> Triple:
    return as_triple([prod(stride[axis] for stride in network.strides) for axis in range(3)])


def _topology(
    spacing: Spacing, size: Sequence[float]
) -> tuple[tuple[Triple, ...], tuple[Triple, ...]]:
    """Strides and kernels of the stages: pool the axes of similar spacing while they are long."""
    now, edge, kernel = list(spacing), [float(n) for n in size], [1, 1, 1]
    strides: list[Triple] = [(1, 1, 1)]
    kernels: list[Triple] = []
    while True:
        long = [axis for axis in range(3) if edge[axis] >= 2 * SHORTEST]
        finest = min((now[axis] for axis in long), default=0.0)
        pooled = [axis for axis in long if now[axis] / finest < NEAR]
        if not pooled or (len(pooled) == 1 and edge[pooled[0]] < 3 * SHORTEST):
            break
        kernel = [
            3 if k == 3 or now[axis] / min(now) < NEAR else 1  # noqa: PLR2004  (nnU-Net's kernels)
            for axis, k in enumerate(kernel)
        ]
        for axis in pooled:
            now[axis] *= 2
            edge[axis] = ceil(edge[axis] / 2)
        strides.append(as_triple([2 if axis in pooled else 1 for axis in range(3)]))
        kernels.append(as_triple(kernel))
    return tuple(strides), (*kernels, (3, 3, 3))

"""Synthetic pools: smooth random images, predictions and labels, small enough for fast queries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nnactive.geometry import Patch, Triple, clip_size
from nnactive.labels import partial_label
from nnactive.streams import stream

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 2
QUERIES = 4
SHARPNESS = 2.0
"""Standard deviation of the logits, between noise and certainty."""


@dataclass(frozen=True)
class PoolSpec:
    """What a synthetic pool is like; its `Contents` are made from it."""

    title: str
    shapes: Mapping[str, Triple]
    patch_size: Triple = (4, 4, 4)
    stride: Triple = (2, 2, 2)
    n: int = 6
    """Patches to query."""
    classes: int = 3
    """Background included."""
    loop: int = 1
    candidates: int = 8
    members: int = 3
    block: int = 2
    """Edge of the blocks of voxels within which images and predictions are constant."""
    labelled_cases: tuple[str, ...] = ()

    @property
    def labelled(self) -> tuple[Patch, ...]:
        """Patches in two opposite corners of the labelled cases' images."""
        corners = []
        for case in self.labelled_cases:
            shape = self.shapes[case]
            size = clip_size(self.patch_size, shape)
            end = tuple(n - p for n, p in zip(shape, size, strict=True))
            corners += [Patch(case, (0, 0, 0), size), Patch(case, (end[0], end[1], end[2]), size)]
        return tuple(corners)


PLAIN = PoolSpec(
    "plain pool", {"a": (12, 16, 14), "b": (16, 12, 18), "c": (14, 14, 14), "d": (12,) * 3}
)
LARGE = PoolSpec(
    "96 x 256 x 256",
    {"a": (96, 256, 256)},
    patch_size=(32, 74, 74),
    stride=(8, 8, 8),
    n=4,
    classes=4,
    block=8,
)
POOLS = (
    replace(PLAIN, title="pool with labelled patches", loop=2, labelled_cases=("b", "d")),
    replace(
        PLAIN,
        title="pool with thin images",
        shapes={**PLAIN.shapes, "b": (3, 20, 20), "d": (18, 2, 18)},
    ),
    replace(PLAIN, title="pool with anisotropic patches", patch_size=(2, 6, 5), stride=(1, 3, 2)),
    replace(PLAIN, title="pool with one class", classes=2),
    replace(PLAIN, title="pool in its last loop", loop=QUERIES, labelled_cases=("a", "c")),
)


@dataclass(frozen=True)
class Contents:
    """Arrays of a synthetic pool's cases, by case id."""

    images: dict[str, np.ndarray]
    """float32, ``(channels, Z, Y, X)``."""
    labels: dict[str, np.ndarray]
    """Complete label maps, int16, ``(Z, Y, X)``."""
    partial: dict[str, np.ndarray]
    """The same with the ignore label outside the labelled patches."""
    probabilities: dict[str, "Tensor"]
    """``(C, Z, Y, X)``; each member predicts these, shifted along the axes."""

    def members(self, spec: PoolSpec, case: str) -> "Iterator[Tensor]":
        """Softmax probabilities of one member after the other, new tensors each time."""
        for member in range(1, spec.members + 1):
            yield self.probabilities[case].roll([spec.block * member] * 3, dims=(1, 2, 3))


def fill(spec: PoolSpec) -> Contents:
    """Make the contents of a synthetic pool; the same on every call."""
    labels = {case: _label(spec, case) for case in spec.shapes}
    return Contents(
        images={case: _blocks(spec, case, "image", CHANNELS) for case in spec.shapes},
        labels=labels,
        partial={
            case: partial_label(
                label, [patch for patch in spec.labelled if patch.case == case], spec.classes
            )
            for case, label in labels.items()
        },
        probabilities={case: _probabilities(spec, case) for case in spec.shapes},
    )


def _blocks(spec: PoolSpec, case: str, what: str, channels: int) -> np.ndarray:
    """Normal draws, constant in blocks, float32 ``(channels, Z, Y, X)``."""
    shape, block = spec.shapes[case], spec.block
    coarse = [-(-n // block) for n in shape]
    rng = stream("conformance", spec.title, what, case)
    values = rng.standard_normal((channels, *coarse), dtype=np.float32)
    for axis in range(1, 4):
        values = values.repeat(block, axis=axis)
    return np.ascontiguousarray(values[:, : shape[0], : shape[1], : shape[2]])


def _probabilities(spec: PoolSpec, case: str) -> "Tensor":
    import torch

    logits = torch.from_numpy(_blocks(spec, case, "logits", spec.classes))
    return torch.softmax(logits.mul_(SHARPNESS), dim=0)


def _label(spec: PoolSpec, case: str) -> np.ndarray:
    """Blocks of background and, in every image, of all foreground classes."""
    field = _blocks(spec, case, "label", spec.classes)
    field[0] += 1  # more background than foreground
    label: np.ndarray = field.argmax(axis=0).astype(np.int16)
    label[0, 0, : spec.classes] = range(spec.classes)
    return label

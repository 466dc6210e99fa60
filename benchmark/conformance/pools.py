"""Synthetic pools: smooth random images, predictions and labels, small enough for fast queries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, product
from typing import TYPE_CHECKING

import numpy as np

from nnactive.geometry import Patch, Triple, as_triple, clip_size, patch_around, slice_size
from nnactive.labels import partial_label
from nnactive.methods.placement import first_free
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
    """Loop of the query; the method itself makes the queries before it. 0: before the start."""
    candidates: int = 8
    members: int = 3
    block: int = 2
    """Edge of the blocks of voxels within which images and predictions are constant."""
    packed: bool = False
    """Whether the start's patches touch, at the end of each image, to leave a single image room."""


PLAIN = PoolSpec(
    "plain pool", {"a": (12, 16, 14), "b": (16, 12, 18), "c": (14, 14, 14), "d": (12,) * 3}
)
LARGE = PoolSpec(
    "96 x 256 x 256",
    {"a": (96, 256, 256)},
    patch_size=(16, 40, 40),  # small, so that random positions find room in a second loop, too
    stride=(8, 8, 8),
    n=4,
    classes=4,
    block=8,
    packed=True,
)
POOLS = (
    replace(PLAIN, title="pool in its second loop", loop=2),
    replace(
        PLAIN,
        title="pool with thin images",
        shapes={**PLAIN.shapes, "b": (3, 20, 20), "d": (18, 2, 18)},
    ),
    replace(PLAIN, title="pool with anisotropic patches", patch_size=(2, 6, 5), stride=(1, 3, 2)),
    replace(
        PLAIN, title="pool with slices for patches", patch_size=slice_size(2), stride=(1, 1, 1)
    ),
    replace(PLAIN, title="pool with one class", classes=2),
    replace(PLAIN, title="pool in its last loop", loop=QUERIES),
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
    labelled: tuple[Patch, ...]
    """Every class twice, then the patches of earlier queries."""
    state: bytes | None = None
    """What the query before saved."""

    def members(self, spec: PoolSpec, case: str, ago: int = 0) -> "Iterator[Tensor]":
        """Softmax probabilities of one member after the other, new tensors each time.

        Args:
            spec: what the pool is like.
            case: case id.
            ago: how many loops before the current ensemble theirs was trained.
        """
        for member in range(1, spec.members + 1):
            shifts = [spec.block * (member + ago * axis) for axis in range(3)]
            yield self.probabilities[case].roll(shifts, dims=(1, 2, 3))

    def after(self, spec: PoolSpec, chosen: Sequence[Patch], state: bytes | None) -> "Contents":
        """The contents for the next loop, once a query's patches are labelled."""
        labelled = (*self.labelled, *(replace(patch, loop=spec.loop) for patch in chosen))
        partial = _partial(spec, self.labels, labelled)
        return replace(self, labelled=labelled, partial=partial, state=state)


def fill(spec: PoolSpec) -> Contents:
    """Make the contents of a synthetic pool after its start; the same on every call."""
    labels = {case: _label(spec, case) for case in spec.shapes}
    labelled = _start(spec, labels)
    return Contents(
        images={case: _blocks(spec, case, "image", CHANNELS) for case in spec.shapes},
        labels=labels,
        partial=_partial(spec, labels, labelled),
        probabilities={case: _probabilities(spec, case) for case in spec.shapes},
        labelled=labelled,
    )


def _start(spec: PoolSpec, labels: Mapping[str, np.ndarray]) -> tuple[Patch, ...]:
    """Two patches of every class, around random voxels of it, in cases that take turns.

    None in loop 0: there a start method is asked.
    """
    if not spec.loop:
        return ()
    if spec.packed:
        tiles = [tile for case in spec.shapes for tile in _tiles(spec, case)]
        return tuple(replace(tile, loop=0) for tile in tiles[: 2 * spec.classes])
    chosen: list[Patch] = []
    turns = cycle(sorted(spec.shapes))
    for label in (label for label in range(spec.classes) for _ in range(2)):
        case = next(turns)
        shape, rng = spec.shapes[case], stream("conformance", spec.title, "start", case, label)
        voxels = np.argwhere(labels[case] == label)

        def draw() -> Patch:
            voxel = voxels[rng.integers(len(voxels))]  # noqa: B023
            return patch_around(case, voxel, spec.patch_size, shape)  # noqa: B023

        patch = first_free(draw, chosen)
        if patch is None:
            raise ValueError(f"{spec.title}: no room for a start in {case}")
        chosen.append(replace(patch, loop=0))
    return tuple(chosen)


def _tiles(spec: PoolSpec, case: str) -> list[Patch]:
    """Patches side by side that fill an image from its end."""
    shape, size = spec.shapes[case], clip_size(spec.patch_size, spec.shapes[case])
    axes = [range(n - p, -1, -p) for n, p in zip(shape, size, strict=True)]
    return [Patch(case, as_triple(start), size) for start in product(*axes)]


def _partial(
    spec: PoolSpec, labels: Mapping[str, np.ndarray], labelled: Sequence[Patch]
) -> dict[str, np.ndarray]:
    return {
        case: partial_label(label, [p for p in labelled if p.case == case], spec.classes)
        for case, label in labels.items()
    }


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

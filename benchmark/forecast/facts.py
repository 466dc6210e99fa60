"""The facts about a dataset that costs depend on: from its prepared folder, or estimated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from benchmark.forecast.network.counts import GIB, Network, network_of, tiles
from benchmark.forecast.network.sketch import sketch
from nnactive.data.prepared import INFO, PreparedDataset
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.files import read_json
from nnactive.settings import Setting, Training

if TYPE_CHECKING:
    from nnactive.data.cards import Card

MEDIANS: Final[Mapping[str, Triple]] = MappingProxyType(
    {
        "acdc": (17, 237, 206),
        "amos": (237, 582, 582),
        "hippocampus": (36, 50, 35),
        "kits": (526, 512, 512),
        "lits": (495, 512, 512),
        "mama_mia": (80, 256, 256),
        "phantom": (22, 22, 22),
        "toothfairy2": (169, 344, 371),
        "word": (200, 512, 512),
    }
)
"""Median sizes in voxels, (z, y, x), of resampled images, as the papers print them."""
PATCHES_AN_AXIS: Final = 8
"""Query patches along an axis of an image whose size nothing is known about."""
TEST_SHARE: Final = 0.25
LABEL: Final = 2
IMAGE: Final = 4
"""Bytes of a stored voxel."""


@dataclass(frozen=True)
class Facts:
    """One dataset; sizes in voxels, (z, y, x)."""

    name: str
    prepared: bool
    """False: estimated, and nothing here is more than that."""
    spacing: Spacing
    channels: int
    classes: int
    """Background included."""
    pool: tuple[Triple, ...]
    test: tuple[Triple, ...]
    plans: Mapping[str, Any] | None = None
    """nnU-Net's; None: not prepared."""

    def network(self, setting: Setting) -> Network:
        """The network that a setting trains."""
        known, training = self._networks, setting.training
        if training not in known:
            residual = training.network is not None
            plans = self.plans
            if plans is None or residual:  # a dataset is prepared with the plain network's plans
                plans = self._sketched(residual=residual)
            known[training] = network_of(
                plans, training, channels=self.channels, classes=self.classes
            )
        return known[training]

    @cached_property
    def _networks(self) -> dict[Training, Network]:
        return {}

    def _sketched(self, *, residual: bool) -> Mapping[str, Any]:
        """Plans as far as a network is in them."""
        found = sketch(
            self.spacing,
            self.median,
            len(self.pool),
            channels=self.channels,
            classes=self.classes,
            residual=residual,
        )
        shape = {
            "features_per_stage": list(found.features),
            "kernel_sizes": found.kernels,
            "strides": found.strides,
            "n_conv_per_stage_decoder": found.decoder,
            **(
                {"n_blocks_per_stage": found.blocks}
                if residual
                else {"n_conv_per_stage": found.convolutions}
            ),
        }
        configuration = {
            "patch_size": found.patch,
            "batch_size": found.batch,
            "architecture": {"arch_kwargs": shape},
        }
        return {"configurations": {"3d_fullres": configuration}}

    @cached_property
    def median(self) -> Triple:
        """Median size of the pool's images."""
        return as_triple([round(median(shape[axis] for shape in self.pool)) for axis in range(3)])

    @cached_property
    def largest(self) -> int:
        """Voxels of the largest image, of pool and test set."""
        return max(prod(shape) for shape in (*self.pool, *self.test))

    def tiles(self, shapes: Sequence[Triple], tile: Triple, step: float) -> int:
        """Tiles of the sliding window over all of these images."""
        counted: dict[Triple, int] = {}
        for shape in shapes:
            if shape not in counted:
                counted[shape] = tiles(shape, tile, step)
        return sum(counted[shape] for shape in shapes)

    @cached_property
    def disk_gib(self) -> float:
        """Size of the prepared images and labels before compression, in GiB."""
        voxels = sum(prod(shape) for shape in (*self.pool, *self.test))
        return voxels * (IMAGE * self.channels + LABEL) / GIB


def facts_of(folder: Path, card: "Card") -> Facts:
    """The facts about the dataset in ``folder``, or those estimated from its card."""
    if not (folder / INFO).is_file():
        return _estimated(card)
    dataset = PreparedDataset(folder)
    info = dataset.info
    return Facts(
        name=card.name,
        prepared=True,
        spacing=info.spacing,
        channels=len(info.channels),
        classes=len(info.classes),
        pool=tuple(case.shape for case in info.pool),
        test=tuple(case.shape for case in info.test),
        plans=read_json(dataset.plans_file) if dataset.plans_file.is_file() else None,
    )


def _estimated(card: "Card") -> Facts:
    unknown = as_triple([n * PATCHES_AN_AXIS for n in card.query_patch])
    shape = MEDIANS.get(card.name, unknown)
    test = int(card.cases * TEST_SHARE)
    return Facts(
        name=card.name,
        prepared=False,
        spacing=card.spacing or (1.0, 1.0, 1.0),
        channels=len(card.channels),
        classes=len(card.classes),
        pool=(shape,) * (card.cases - test),
        test=(shape,) * test,
    )

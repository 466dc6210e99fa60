"""What a preparation needs, from the headers of the raw files alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.disk import free, require
from nnactive.data.raw.convert import is_needed
from nnactive.data.raw.images import read_header
from nnactive.data.raw.layout import Found
from nnactive.devices import usable_cores
from nnactive.errors import UserError
from nnactive.geometry import Spacing
from nnactive.io.files import file_sizes

STORED = 2 * 4
"""Bytes a voxel and channel: float32, once resampled and once normalised. An upper bound, since
volumes are compressed."""
LABEL = 1
"""Bytes a voxel that a label takes at most; int16, but it always compresses well."""
CONVERTED = 2
"""Bytes a voxel and channel of a converted raw case; compressed."""
WORKING = 80
"""Bytes a voxel and channel, of the larger of raw and resampled image, that resampling takes at
its peak; measured."""
SHARE = 0.8
"""Of the free memory that workers may take."""


@dataclass(frozen=True)
class Estimate:
    """Needs of a preparation; sizes in bytes."""

    disk: int
    """That the prepared dataset and its scratch files will still take, at most."""
    free: int
    """Free on the disk of the prepared dataset."""
    memory: int
    """That the largest case takes while it is resampled."""
    workers: int
    """Cases that can be worked on at a time, by cores and free memory."""

    def check(self, out: Path) -> None:
        """Refuse a preparation that the disk has no room for.

        Raises:
            UserError: says how much is needed.
        """
        way_out = "free up some space or choose a folder on another disk with --data"
        require(out, self.disk, self.free, "needs up to", way_out)


def estimate(card: Card, cases: Sequence[Found], out: Path) -> Estimate:
    """Needs of preparing ``cases`` in ``out``; what is there already is taken off.

    A file whose header can't be read counts nothing here; it is refused when its turn comes.
    """
    import psutil

    voxels = [found for found in (_voxels(card, case) for case in cases) if found is not None]
    channels = len(card.channels)
    converted = CONVERTED * channels if is_needed(card) else 0
    disk = sum(before * converted + after * (STORED * channels + LABEL) for before, after in voxels)
    memory = max((max(pair) for pair in voxels), default=0) * WORKING * channels
    room = int(SHARE * psutil.virtual_memory().available)
    return Estimate(
        disk=max(disk - sum(file_sizes(out)), 0),
        free=free(out),
        memory=memory,
        workers=max(1, min(usable_cores(), room // max(memory, 1), len(cases))),
    )


def _voxels(card: Card, case: Found) -> tuple[int, int] | None:
    """Voxels of a channel, in the raw file and resampled; cropping is left out of account."""
    try:
        size, spacing = read_header(case.files[0])
    except UserError:
        return None
    target: Spacing = card.spacing or spacing
    resampled = (round(n * a / b) for n, a, b in zip(size, spacing, target, strict=True))
    return math.prod(size), math.prod(resampled)

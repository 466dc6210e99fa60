"""Estimating what a preparation needs from the headers of the raw files."""

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
"""Bytes per voxel and channel: float32, once resampled and once normalised. An upper bound, as
volumes are compressed."""
LABEL = 1
"""Upper bound of a label's bytes per voxel: int16, which always compresses well."""
CONVERTED = 2
"""Bytes per voxel and channel of a converted raw case; compressed."""
WORKING = 80
"""Peak memory of resampling in bytes per voxel and channel, for the larger of raw and resampled
image; measured."""
SHARE = 0.8
"""Fraction of the free memory that workers may use."""


@dataclass(frozen=True)
class Estimate:
    """What a preparation needs; sizes in bytes."""

    disk: int
    """Disk space still needed for the prepared dataset and its scratch files, at most."""
    free: int
    """Free space on the disk of the prepared dataset."""
    memory: int
    """Memory needed to resample the largest case."""
    workers: int
    """Number of cases to process in parallel, limited by cores and free memory."""

    def check(self, out: Path) -> None:
        """Refuse a preparation for which the disk is too full.

        Raises:
            UserError: too little space; says how much is needed.
        """
        way_out = "free up some space or choose a folder on another disk with --data"
        require(out, self.disk, self.free, "needs up to", way_out)


def estimate(card: Card, cases: Sequence[Found], out: Path) -> Estimate:
    """Estimate what preparing ``cases`` in ``out`` needs, minus what is already there.

    A file with an unreadable header doesn't count here; it is refused when it is loaded.
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
    """Voxels per channel of the raw and of the resampled image, ignoring the crop."""
    try:
        size, spacing = read_header(case.files[0])
    except UserError:
        return None
    target: Spacing = card.spacing or spacing
    resampled = (round(n * a / b) for n, a, b in zip(size, spacing, target, strict=True))
    return math.prod(size), math.prod(resampled)

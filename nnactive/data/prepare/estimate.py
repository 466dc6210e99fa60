"""Estimating what a preparation needs from the headers of the raw files."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.disk import free, require
from nnactive.data.memory import usable_memory
from nnactive.data.prepare.sizes import CaseSize, check_cases, sizes_from_headers
from nnactive.data.raw.convert import is_needed
from nnactive.data.raw.layout import Found
from nnactive.devices import usable_cores
from nnactive.io.files import file_sizes
from nnactive.io.formatting import size

STORED = 2 * 4
"""Bytes per voxel and channel: float32, once resampled and once normalised. An upper bound, as
volumes are compressed."""
LABEL = 1
"""Upper bound of a label's bytes per voxel: int16, which always compresses well."""
CONVERTED = 2
"""Bytes per voxel and channel of a converted raw case; compressed."""
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
    sizes: tuple[CaseSize, ...] = ()
    """Of each case with a readable header."""
    channels: int = 1

    @property
    def largest_name(self) -> str:
        """The largest case's file in parentheses; empty if no header could be read."""
        largest = max(self.sizes, key=lambda case: case.memory(self.channels), default=None)
        return f" ({largest.file.name})" if largest else ""

    def check(self, out: Path) -> None:
        """Refuse a preparation that can't succeed on this machine.

        Raises:
            UserError: the disk or the memory is too small, or nothing would be left of a case;
                names the case, and says how much is needed.
        """
        check_cases(self.sizes, self.channels)
        way_out = "free up some space or choose a folder on another disk with --data"
        largest = max(self.sizes, key=lambda case: case.voxels[1], default=None)
        if largest is not None:
            needs = size(stored_bytes(largest, self.channels))
            way_out += f" (of it {needs} for {largest})"
        require(out, self.disk, self.free, "needs up to", way_out)


def estimate(card: Card, cases: Sequence[Found], out: Path) -> Estimate:
    """Estimate what preparing ``cases`` in ``out`` needs, minus what is already there.

    A file with an unreadable header doesn't count here; it is refused when it is loaded.

    Raises:
        UserError: nnU-Net can't choose a spacing.
    """
    sizes = sizes_from_headers(card, cases)
    channels = len(card.channels)
    converted = CONVERTED * channels if is_needed(card) else 0
    return estimate_sizes(sizes, len(cases), channels, out, converted)


def estimate_sizes(
    sizes: Sequence[CaseSize], cases: int, channels: int, out: Path, converted: int = 0
) -> Estimate:
    """Estimate what preparing cases of known sizes needs, minus what is already there.

    Args:
        sizes: of each case with a readable header.
        cases: number of all cases.
        channels: number of channels.
        out: the prepared dataset's folder.
        converted: bytes of a converted raw case, per voxel of the file.
    """
    disk = sum(case.voxels[0] * converted + stored_bytes(case, channels) for case in sizes)
    memory = sorted((case.memory(channels) for case in sizes), reverse=True)
    return Estimate(
        disk=max(disk - sum(file_sizes(out)), 0),
        free=free(out),
        memory=max(memory, default=0),
        workers=workers_for(memory or [0] * cases),
        sizes=tuple(sizes),
        channels=channels,
    )


def stored_bytes(case: CaseSize, channels: int) -> int:
    """Disk space for the prepared case and its scratch files, at most."""
    return case.voxels[1] * (STORED * channels + LABEL)


def workers_for(memory: Sequence[int]) -> int:
    """Number of cases to process in parallel.

    Args:
        memory: bytes that each case needs, the largest first: they may well be processed together.
    """
    room = int(SHARE * usable_memory())
    fitting = sum(total <= room for total in accumulate(memory))
    return max(1, min(usable_cores(), fitting))

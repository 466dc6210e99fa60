"""What test modules share beside fixtures."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

SEED = 7
M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""


@dataclass(frozen=True)
class Loop:
    """Outputs of one loop's steps."""

    query: Path
    train: Path
    members: list[Path]


def peak_growth(block: Callable[[], object]) -> float:
    """MiB by which ``block`` raises this process' memory above what it has before."""
    peak = Path("/proc/self/clear_refs")
    if not peak.exists():
        pytest.skip("needs Linux to measure the peak")

    def read(name: str) -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024

    libc = ctypes.CDLL(None)
    # Volumes get pages of their own, and what lies free goes back: else the growth would depend on
    # the room that earlier tests left in the heap.
    libc.mallopt(M_MMAP_THRESHOLD, 1 << 16)
    libc.malloc_trim(0)
    peak.write_text("5")  # the peak begins anew
    before = read("VmRSS")
    block()
    return read("VmHWM") - before

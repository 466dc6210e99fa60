"""What a job's processes take together, and whether that is more than its limits allow."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from benchmark.execution.child_processes import descendants
from benchmark.execution.ends import Breach
from nnactive.io.formatting import size
from nnactive.settings import Limits

SECONDS_BETWEEN_LOOKS: Final = 1.0
SHARE_OF_LOOKS: Final = 50
"""The pause is at least so many times as long as a look takes."""
SHARE_OF_MACHINE: Final = 0.95
"""Of the memory that there is, for a job without a limit of its own."""
MEGABYTE: Final = 10**6
CGROUPS: Final = Path("/sys/fs/cgroup")
KERNEL_COUNTS: Final = Path("/proc/vmstat")


class Watch:
    """Watches all processes below this one, from its creation on."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.began = time.monotonic()
        self._next = self.began
        self._memory = memory_limit(limits)

    def look(self) -> Breach | None:
        """The limit that is passed, if there is one; a look too soon after another sees nothing."""
        now = time.monotonic()
        if now - self.began > self.limits.hours * 3600:
            text = f"took longer than its limit of {self.limits.hours:g} h"
            return Breach("time", text)
        if now < self._next:
            return None
        found = self._look_at(descendants())
        took = time.monotonic() - now
        self._next = now + max(SECONDS_BETWEEN_LOOKS, SHARE_OF_LOOKS * took)
        return found

    def too_much_output(self) -> Breach:
        """That the log is full."""
        most = f"{self.limits.log_mb:g} MB"
        return Breach("killed", f"wrote more than its limit of {most} to its log")

    def _look_at(self, tree: Sequence[psutil.Process]) -> Breach | None:
        if len(tree) > self.limits.processes:
            most = self.limits.processes
            text = f"ran {len(tree)} processes at once, more than its limit of {most}"
            return Breach("killed", text)
        if self._memory is None or _resident(tree) <= self._memory:
            return None
        held = _held(tree)
        if held <= self._memory:
            return None
        whose = "its" if self.limits.memory_gib else "the machine's"
        text = f"took {size(held)} of memory, more than {whose} limit of {size(self._memory)}"
        return Breach("memory", text)


def memory_limit(limits: Limits) -> int | None:
    """Bytes that a job may take; None: unknown."""
    if limits.memory_gib is not None:
        return int(limits.memory_gib * 2**30)
    there = [psutil.virtual_memory().total]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        for folder in _own_groups():
            with suppress(OSError, ValueError):
                there.append(int((folder / name).read_text(encoding="ascii")))
    return int(SHARE_OF_MACHINE * min(there))


def log_limit(limits: Limits) -> int:
    """Bytes that a log may hold."""
    return int(limits.log_mb * MEGABYTE)


def kills_for_memory() -> int:
    """How many processes the kernel has killed for memory, as far as this one may know."""
    counts = 0
    files = [KERNEL_COUNTS, *(folder / "memory.events" for folder in _own_groups())]
    for file in files:
        with suppress(OSError, ValueError):
            pairs = (line.split() for line in file.read_text(encoding="ascii").splitlines())
            counts += sum(int(pair[1]) for pair in pairs if pair[:1] == ["oom_kill"])
    return counts


def _own_groups() -> list[Path]:
    """The folders of this process's control group, the root's as a container sees it last."""
    found = []
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            kind, path = line.split(":", 2)[1:]
            if kind in {"", "memory"}:
                found.append(CGROUPS / kind / path.lstrip("/"))
    return [folder for folder in {*found, CGROUPS} if folder.is_dir()]


def _resident(tree: Sequence[psutil.Process]) -> int:
    total = 0
    for process in tree:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _held(tree: Sequence[psutil.Process]) -> int:
    """As `_resident`, with what processes share counted once; takes longer."""
    total = 0
    for process in tree:
        with suppress(psutil.Error):
            full = process.memory_full_info()
            total += getattr(full, "pss", full.uss)
    return total

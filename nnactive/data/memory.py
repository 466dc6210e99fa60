"""Memory that this process may still use."""

import resource
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
"""Control groups, version 2; a container's limit is in them."""
OWN_GROUP = Path("/proc/self/cgroup")


def usable_memory(*, swap: bool = False) -> int:
    """Free memory in bytes: the least of the machine's, a container's and ``ulimit -v``'s.

    Args:
        swap: add the machine's free swap space.
    """
    import psutil

    free: int = psutil.virtual_memory().available + (psutil.swap_memory().free if swap else 0)
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    own = [] if soft == resource.RLIM_INFINITY else [soft - psutil.Process().memory_info().vms]
    least: int = min([free, *own, *_free_in_groups()])
    return max(0, least)


def _free_in_groups() -> Iterator[int]:
    """Free bytes in the control group of this process and in those around it, where limited."""
    try:
        line = next(x for x in OWN_GROUP.read_text().splitlines() if x.startswith("0::"))
    except (OSError, StopIteration):
        return
    group = GROUPS / line.removeprefix("0::").lstrip("/")
    for folder in (group, *group.parents):
        try:
            limit = int((folder / "memory.max").read_text())
            used = int((folder / "memory.current").read_text())
            stat = dict(x.split() for x in (folder / "memory.stat").read_text().splitlines())
            yield limit - used + int(stat.get("inactive_file", 0))
        except (OSError, ValueError):
            continue  # the root has none, and "max" is no limit

"""Containers whose caller was killed: found by a label, and removed before another one starts."""

import os
from pathlib import Path
from typing import Final

LABEL: Final = "org.nnactive.caller"
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE: Final = Path("/proc/self/ns/pid")


def this_process() -> str:
    """What tells this process from all others, also of other machines and containers."""
    return f"{_machine()} {os.getpid()} {_started(os.getpid())}"


def is_orphan(caller: str) -> bool:
    """Whether the process that ``this_process`` told of ran here and is gone."""
    *machine, number, started = ["", "", *caller.split()]
    if not _machine() or " ".join(machine).strip() != _machine() or not number.isdigit():
        return False
    return _started(int(number)) != started


def _machine() -> str:
    """This boot and the space of its process numbers; empty where they can't be told."""
    try:
        return f"{BOOT.read_text().strip()} {NAMESPACE.readlink()}"
    except OSError:
        return ""


def _started(number: int) -> str:
    """When a process started; empty if there is none."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    # The name, in brackets, may hold anything; proc(5) counts the rest from field 3.
    return stat.rpartition(")")[2].split()[19]

"""Shared memory, through which the processes that load training data pass their batches."""

import os
from pathlib import Path

from benchmark.machine.findings import Finding
from nnactive.io.formatting import size

FOLDER = Path("/dev/shm")  # noqa: S108  (it is looked at, not written to)
WITH_GPU = 1 << 30
"""Bytes that trainings on a GPU need: their batches are loaded by processes of their own."""
WITHOUT = 16 << 20
"""Bytes for the locks between processes."""
WHAT = "shared memory"
WAY_OUT = "add --shm-size=8g (Docker, Podman); Apptainer's is the machine's"


def shared_memory_size(folder: Path = FOLDER) -> int | None:
    """Bytes of shared memory, used or not; None where there is none."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_frsize * found.f_blocks


def shared_memory_finding(total: int | None, *, gpu: bool) -> Finding:
    """Whether ``total`` bytes of shared memory are enough."""
    if total is None:
        return Finding(WHAT, "FAILED", f"{FOLDER}: there is none; {WAY_OUT}")
    has = f"{FOLDER}: {size(total)}"
    if total < WITHOUT or (gpu and total < WITH_GPU):
        needs = f"trainings on a GPU need {size(WITH_GPU)}" if gpu else f"needs {size(WITHOUT)}"
        return Finding(WHAT, "FAILED", f"{has}, {needs}; {WAY_OUT}")
    if total < WITH_GPU:
        enough = f"enough on the CPU; a GPU needs {size(WITH_GPU)}: {WAY_OUT}"
        return Finding(WHAT, "note", f"{has}, {enough}")
    return Finding(WHAT, "ok", has)

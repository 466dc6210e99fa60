"""Finding on shared memory, through which the workers that load training data pass batches."""

import os
from pathlib import Path
from typing import Final

from benchmark.machine.findings import Finding
from nnactive.io.formatting import size

FOLDER: Final = Path("/dev/shm")  # noqa: S108  (only its size is read)
WITH_GPU: Final = 1 << 30
"""Bytes that trainings on a GPU need: separate processes load their batches."""
WITHOUT: Final = 16 << 20
"""Bytes for the locks between processes."""
WHAT: Final = "shared memory"
WAY_OUT: Final = "add --shm-size=8g (Docker, Podman); Apptainer's is the machine's"


def shared_memory_size(folder: Path = FOLDER) -> int | None:
    """Total bytes of shared memory; None where there is none."""
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

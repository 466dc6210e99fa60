"""GPUs: which there are, and one job at a time on each."""

import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from nnactive.devices import VISIBLE

SECONDS_BETWEEN_TRIES = 0.2
LOCKS = "NNACTIVE_LOCKS"
"""Environment variable that names the folder of the locks, where containers share one."""


def visible_gpus() -> tuple[str, ...]:
    """Ids of the GPUs that may be used, as ``CUDA_VISIBLE_DEVICES`` takes them."""
    allowed = os.environ.get(VISIBLE)
    if allowed is not None:
        parts = (part.strip() for part in allowed.split(",") if part.strip())
        # CUDA takes none from a negative number on.
        return tuple(takewhile(lambda part: not part.startswith("-"), parts))
    return tuple(index for index, _ in _listed())


def gpu_locks() -> Path:
    """Where this user's jobs find the locks of the GPUs."""
    given = os.environ.get(LOCKS)
    return Path(given or Path(tempfile.gettempdir()) / f"nnactive-bench-{os.getuid()}")


def _listed() -> list[tuple[str, str]]:
    """Index and UUID of each GPU that the driver shows."""
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.partition(",") for line in listed.stdout.splitlines())
    return [(row[0].strip(), row[2].strip()) for row in rows if row[0].strip().isdigit()]


@contextmanager
def hold_gpu(gpus: Sequence[str], folder: Path | None = None) -> Iterator[str]:
    """Wait for a GPU that no other job of this user holds, and hold it while the block runs.

    A lock bears the GPU's UUID: the jobs of a cluster may all know theirs as 0 and share a folder.
    """
    folder = folder or gpu_locks()
    folder.mkdir(mode=0o700, exist_ok=True)
    known = dict(_listed())
    while True:
        for gpu in gpus:
            name = (known.get(gpu) or gpu).replace("/", "_")
            with (folder / f"gpu_{name}.lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield gpu
                return
        time.sleep(SECONDS_BETWEEN_TRIES)

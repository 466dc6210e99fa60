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


def visible_gpus() -> tuple[str, ...]:
    """Ids of the GPUs that may be used, as ``CUDA_VISIBLE_DEVICES`` takes them."""
    allowed = os.environ.get(VISIBLE)
    if allowed is not None:
        parts = (part.strip() for part in allowed.split(",") if part.strip())
        # CUDA takes none from a negative number on.
        return tuple(takewhile(lambda part: not part.startswith("-"), parts))
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in listed.stdout.splitlines() if line.strip().isdigit())


@contextmanager
def hold_gpu(gpus: Sequence[str], folder: Path | None = None) -> Iterator[str]:
    """Wait for a GPU that no other job of this user holds, and hold it while the block runs."""
    folder = folder or Path(tempfile.gettempdir()) / f"nnactive-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        for gpu in gpus:
            with (folder / f"gpu_{gpu.replace('/', '_')}.lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield gpu
                return
        time.sleep(SECONDS_BETWEEN_TRIES)

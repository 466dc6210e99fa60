"""One job at a time on each GPU."""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmark.machine.gpus import ask_driver, usable_gpus, visible
from nnactive.io.locks import SECONDS_BETWEEN_TRIES, exclusive_lock

LOCKS: Final = "NNACTIVE_LOCKS"
"""Environment variable that names the folder of the locks, where containers share one."""


def job_gpus() -> tuple[str, ...]:
    """GPUs for the jobs of a run, each as ``CUDA_VISIBLE_DEVICES`` takes it."""
    return tuple(gpu.id for gpu in usable_gpus())


def gpu_locks() -> Path:
    """The folder of this user's GPU locks."""
    given = os.environ.get(LOCKS)
    return Path(given or Path(tempfile.gettempdir()) / f"nnactive-bench-{os.getuid()}")


@contextmanager
def hold_gpu(gpus: Sequence[str], folder: Path | None = None) -> Iterator[str]:
    """Wait for a GPU that no other job of this user holds, and hold it while the block runs.

    A lock is named by the GPU's UUID: on a cluster, jobs that share a folder may all call their
    GPU 0, and runs on one machine may name the same GPU by index and by UUID.
    """
    folder = folder or gpu_locks()
    folder.mkdir(mode=0o700, exist_ok=True)
    files = {gpu: folder / f"gpu_{name}.lock" for gpu, name in _names(gpus).items()}
    while True:
        for gpu, file in files.items():
            with exclusive_lock(file) as held:
                if held:
                    yield gpu
                    return
        time.sleep(SECONDS_BETWEEN_TRIES)


def _names(gpus: Sequence[str]) -> dict[str, str]:
    """The UUID of each GPU, or the id where there is none, as a file's name may contain it."""
    listed = ask_driver().gpus
    found = {gpu: visible(listed, gpu) for gpu in gpus}
    uuids = {gpu: each[0].uuid if each else None for gpu, each in found.items()}
    return {gpu: (uuid or gpu).replace("/", "_") for gpu, uuid in uuids.items()}

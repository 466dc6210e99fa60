"""As many jobs on each GPU as may share it: one, unless a run says otherwise."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmark.machine.gpus import ask_driver, usable_gpus, visible
from nnactive.devices import VISIBLE
from nnactive.io.locks import SECONDS_BETWEEN_TRIES

LOCKS: Final = "NNACTIVE_LOCKS"
"""Environment variable that names the folder of the locks, where containers share one."""


def job_gpus() -> tuple[str, ...]:
    """GPUs for the jobs of a run, each as ``CUDA_VISIBLE_DEVICES`` takes it."""
    return tuple(gpu.id for gpu in usable_gpus())


def allocated(planned: Sequence[str]) -> tuple[str, ...]:
    """The GPUs that a job may take where it runs, which its plan may not have known.

    An allocation says so in ``CUDA_VISIBLE_DEVICES``: indices, UUIDs, or instances of a partitioned
    GPU. Without one, the planned GPUs are this machine's.

    Args:
        planned: none if the job needs no GPU.
    """
    given = os.environ.get(VISIBLE)
    listed = tuple(word.strip() for word in (given or "").split(",") if word.strip())
    return listed if planned and listed else tuple(planned)


def gpu_locks() -> Path:
    """The folder of this user's GPU locks, which is one machine's own."""
    given = os.environ.get(LOCKS)
    return Path(given or Path(tempfile.gettempdir()) / f"nnactive-bench-{os.getuid()}")


@contextmanager
def hold_gpu(
    gpus: Sequence[str],
    folder: Path | None = None,
    slots: int = 1,
    waiting: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """Wait for a GPU with a free slot, and hold the slot while the block runs.

    A lock is named by the GPU's UUID: on a cluster, jobs that share a folder may all call their
    GPU 0, and runs on one machine may name the same GPU by index and by UUID. A job that wants a
    GPU to itself waits for all that share it, and they for it, whichever runs they belong to.

    Args:
        gpus: to choose from.
        folder: of the locks.
        slots: how many jobs like this one may share a GPU; 1: it is for this job alone.
        waiting: called again and again until there is one; it may raise.
    """
    folder = folder or gpu_locks()
    folder.mkdir(mode=0o700, exist_ok=True)
    names = _names(gpus)
    while True:
        for slot in range(slots):  # an unused GPU before the second slot of a used one
            for gpu, name in names.items():
                with ExitStack() as stack:
                    if _hold(stack, folder, name, slot, shared=slots > 1):
                        yield gpu
                        return
        waiting()
        time.sleep(SECONDS_BETWEEN_TRIES)


def _hold(stack: ExitStack, folder: Path, name: str, slot: int, *, shared: bool) -> bool:
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    wanted = [(folder / f"gpu_{name}.lock", kind)]
    if shared:
        wanted.append((folder / f"gpu_{name}.{slot}.lock", fcntl.LOCK_EX))
    for file, mode in wanted:
        handle = stack.enter_context(file.open("a"))
        try:
            fcntl.flock(handle.fileno(), mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _names(gpus: Sequence[str]) -> dict[str, str]:
    """The UUID of each GPU, or the id where there is none, as a file's name may contain it."""
    listed = ask_driver().gpus
    found = {gpu: visible(listed, gpu) for gpu in gpus}
    uuids = {gpu: each[0].uuid if each else None for gpu, each in found.items()}
    return {gpu: (uuid or gpu).replace("/", "_") for gpu, uuid in uuids.items()}

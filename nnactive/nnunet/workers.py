"""Processes that load training data: as many as the job's share of cores, and none left behind."""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nnactive.devices import is_gpu, usable_cores

THREADS: Final = "OMP_NUM_THREADS"
"""Environment variable with the number of cores that a job may use."""
WORKERS: Final = "nnUNet_n_proc_DA"
"""nnU-Net's environment variable for the number of processes that load data."""
PR_SET_PDEATHSIG: Final = 1
"""Number of the ``prctl`` call, from ``linux/prctl.h``."""


def job_threads() -> int:
    """Cores of this job: what its environment says, else all that it may use."""
    given = os.environ.get(THREADS, "")
    return max(1, int(given)) if given.isdecimal() else usable_cores()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread inside the block: sums don't depend on the cores then."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def data_workers(device: str) -> int:
    """Processes that load data for a training; 0: the training loads its data itself.

    nnU-Net's own guess is 12, whatever the job's cores. A GPU's training keeps one for itself; on
    a CPU the training needs them all.
    """
    return max(1, job_threads() - 1) if is_gpu(device) else 0


def tie_to_training() -> None:
    """In a process that loads data: end when the training does, even by ``kill -9``."""
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        # A training that died before the call no longer sends anything.
        if os.getppid() != parent.pid:
            os._exit(1)

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from nnactive.devices import usable_cores
from nnactive.nnunet.workers import data_workers, job_threads

ORPHAN = """
import multiprocessing, time
from nnactive.nnunet.workers import tie_to_training

def load():
    tie_to_training()
    time.sleep(600)

worker = multiprocessing.get_context("fork").Process(target=load, daemon=True)
worker.start()
time.sleep(0.5)
print(worker.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(("threads", "workers"), [("1", 1), ("2", 1), ("5", 4)])
def test_the_job_has_its_own_cores_whatever_the_machine_has(
    threads: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device is a stand-in: its name alone counts."""
    monkeypatch.setattr("nnactive.nnunet.workers.is_gpu", lambda device: device == "gpu")
    monkeypatch.setattr("os.cpu_count", lambda: 96)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert data_workers("gpu") == workers
    assert data_workers("cpu") == 0


def test_without_a_share_the_machine_is_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert job_threads() == usable_cores()
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert job_threads() == usable_cores()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_a_process_that_loads_data_ends_with_a_killed_training() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE) as training:
        assert training.stdout is not None
        worker = int(training.stdout.readline())
        assert psutil.pid_exists(worker)
        os.kill(training.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)

import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nnactive.io import locks
from nnactive.io.locks import exclusive_lock

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys, time
from pathlib import Path
from nnactive.io.locks import exclusive_lock
with exclusive_lock(Path(sys.argv[1])) as held:
    print(held, flush=True)
    time.sleep(3600)
"""


def test_one_holder_at_a_time(tmp_path) -> None:
    file = tmp_path / "lock"
    with exclusive_lock(file) as first:
        assert first
        with exclusive_lock(file) as second:
            assert not second
    with exclusive_lock(file) as again:
        assert again


def test_an_error_in_the_block_releases_the_lock(tmp_path) -> None:
    with pytest.raises(BlockingIOError), exclusive_lock(tmp_path / "lock"):
        raise BlockingIOError
    with exclusive_lock(tmp_path / "lock") as held:
        assert held


def test_a_lock_waits_as_long_as_it_is_told(tmp_path, monkeypatch) -> None:
    slept: list[float] = []
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)

    monkeypatch.setattr(locks.time, "monotonic", lambda: now)
    monkeypatch.setattr(locks.time, "sleep", sleep)
    with exclusive_lock(tmp_path / "lock"):
        with exclusive_lock(tmp_path / "lock") as at_once:
            assert not at_once
        assert not slept
        with exclusive_lock(tmp_path / "lock", seconds=3) as later:
            assert not later
    assert sum(slept) == pytest.approx(3, abs=locks.SECONDS_BETWEEN_TRIES)


def test_a_waiting_process_gets_the_lock_when_it_is_free(tmp_path) -> None:
    got: list[bool] = []

    def wait() -> None:
        with exclusive_lock(tmp_path / "lock", seconds=math.inf) as held:
            got.append(held)

    thread = threading.Thread(target=wait)
    with exclusive_lock(tmp_path / "lock"):
        thread.start()
        assert not got
    thread.join()
    assert got == [True]


def test_the_lock_of_a_killed_process_is_free(tmp_path) -> None:
    file = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(file)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        with exclusive_lock(file) as held:
            assert not held
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with exclusive_lock(file) as held:
            assert held

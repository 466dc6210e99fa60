import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from benchmark.execution.gpu_locks import allocated, hold_gpu
from benchmark.execution.log import exit_status, reason
from benchmark.provenance import commit, cpu_name, environment

JOB = (sys.executable, "-m", "benchmark.execution.job")


def run_job(log: Path, script: str, *options: str) -> int:
    """Run a job whose output exists once its script has ended without an error."""
    output = log.with_name("output")
    script = f"{script}\nopen({str(output)!r}, 'w')"
    command = [*JOB, "--output", str(output), "--log", str(log), *options, "--"]
    command += [sys.executable, "-c", script]
    return subprocess.run(command, check=False, cwd=log.parent).returncode


def test_a_job_keeps_its_output_and_its_threads(tmp_path) -> None:
    log = tmp_path / "log.txt"
    script = "import os, sys; print(os.environ['OMP_NUM_THREADS']); sys.exit(2)"
    assert run_job(log, script, "--threads", "3") == 2
    assert log.read_text().split() == ["3", "exit", "status", "2"]
    assert exit_status(log) == 2


@pytest.mark.parametrize(
    ("script", "status", "text"),
    [
        ("print('error: first'); print('error: the cause'); exit(1)", 1, "the cause"),
        ("exit(5)", 5, "failed with exit status 5"),
        ("import os; os.kill(os.getpid(), 9)", 137, "was ended by signal 9 (the system may"),
    ],
)
def test_the_reason_of_a_failed_job_is_in_its_log(tmp_path, script, status, text) -> None:
    log = tmp_path / "log.txt"
    assert run_job(log, script) == status
    assert reason(log).startswith(text)


def test_what_a_job_leaves_behind_ends_with_it(tmp_path) -> None:
    script = "import subprocess; print(subprocess.Popen(['sleep', '3600']).pid, flush=True)"
    log = tmp_path / "log.txt"
    assert run_job(log, script) == 0
    pid = int(log.read_text().split()[0])
    deadline = time.monotonic() + 300
    while Path(f"/proc/{pid}/stat").exists() and not _is_zombie(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def test_one_job_at_a_time_on_each_gpu(tmp_path) -> None:
    held: list[str] = []

    def wait_for_one() -> None:
        with hold_gpu(["0", "1"], tmp_path) as gpu:
            held.append(gpu)

    with hold_gpu(["0", "1"], tmp_path) as first:
        with hold_gpu(["0", "1"], tmp_path) as second:
            assert (first, second) == ("0", "1")
            thread = threading.Thread(target=wait_for_one)
            thread.start()
            time.sleep(0.5)
            assert held == []
        thread.join(300)
        assert held == ["1"]


def test_a_job_sees_the_gpu_that_it_holds(tmp_path) -> None:
    log = tmp_path / "log.txt"
    assert run_job(log, "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])", "--gpus", "7") == 0
    assert log.read_text().split()[0] == "7"


def test_two_jobs_of_a_cluster_that_call_their_gpus_0_do_not_wait(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NNACTIVE_LOCKS", str(tmp_path / "shared"))
    tool = tmp_path / "nvidia-smi"  # stands in for the driver's, on each job's own node

    def node(uuid: str) -> None:
        tool.write_text(f"#!/bin/sh\nprintf '580.1, 0, {uuid}, H100, 1 MiB\\n'\n")
        tool.chmod(0o755)

    node("GPU-a")
    with hold_gpu(["0"]) as first:
        node("GPU-b")
        with hold_gpu(["0"]) as second:
            assert (first, second) == ("0", "0")
    names = {file.name for file in (tmp_path / "shared").iterdir()}
    assert names == {"gpu_GPU-a.lock", "gpu_GPU-b.lock"}


def test_jobs_share_a_gpu_only_where_all_agree(tmp_path) -> None:
    class BusyError(Exception):
        pass

    def give_up() -> None:
        raise BusyError

    def take(gpus: Sequence[str], slots: int) -> AbstractContextManager[str]:
        return hold_gpu(gpus, tmp_path, slots, give_up)

    with take(["0", "1"], 2) as first, take(["0", "1"], 2) as second:
        assert (first, second) == ("0", "1")  # an unused one before a shared one
        with take(["0", "1"], 2) as third, take(["0", "1"], 2) as fourth:
            assert {third, fourth} == {"0", "1"}
            with pytest.raises(BusyError), take(["0", "1"], 2):
                pass
    with take(["0"], 2), pytest.raises(BusyError), take(["0"], 1):
        pass
    with take(["0"], 1), pytest.raises(BusyError), take(["0"], 2):
        pass
    with take(["0"], 1) as last:
        assert last == "0"


@pytest.mark.parametrize(
    ("given", "planned", "found"),
    [
        ("1", ("0", "1"), ("1",)),
        ("GPU-a, GPU-b", ("0",), ("GPU-a", "GPU-b")),
        ("MIG-1", ("0",), ("MIG-1",)),
        (None, ("0", "1"), ("0", "1")),
        ("1", (), ()),
    ],
)
def test_a_job_takes_what_its_allocation_gives(monkeypatch, given, planned, found) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if given is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert allocated(planned) == found


def test_the_environment_says_where_it_is(tmp_path) -> None:
    found = environment()
    assert found.packages["nnunetv2"] == "2.8.1"
    assert found.cores == len(os.sched_getaffinity(0))
    assert found.cpu
    info = tmp_path / "cpuinfo"
    info.write_text("processor: 0\nmodel name\t: Some CPU: 3 GHz\nmodel name\t: Some CPU\n")
    assert cpu_name(info) == "Some CPU: 3 GHz"


def test_a_commit_is_marked_when_files_differ_from_it(tmp_path) -> None:
    assert commit(tmp_path) == "unknown"

    def git(*arguments: str) -> str:
        settings = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        command = ["git", *settings, "-C", str(tmp_path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "file").write_text("1")
    git("add", ".")
    git("commit", "-qm", "one")
    assert commit(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "file").write_text("2")
    assert commit(tmp_path) == git("rev-parse", "HEAD") + "+dirty"

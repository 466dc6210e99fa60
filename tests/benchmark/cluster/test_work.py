"""A shard's job. The run that it calls is a stand-in, but for the last test."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy import STAND_INS, calls, make_request, make_track, write_prepared

from benchmark import layout
from benchmark.cluster.history import (
    FUTILE,
    Attempt,
    Ended,
    Grant,
    History,
    ended_file,
    read_ended,
    read_history,
    save_history,
    shard_lease,
)
from benchmark.cluster.request import asked, read_request, request_file
from benchmark.cluster.shards import Kind
from benchmark.cluster.work import work
from benchmark.execution.statuses import UNFINISHED
from benchmark.layout import Experiment
from benchmark.submission.spec import freeze
from benchmark.workflow.problems import Problem
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import write_model
from nnactive.io.leases import Lease

SLUG = "s.random.seed_1"
PROBLEM = Problem(Experiment("s", "random", 1), "loop 1, train fold 0: broke", 1)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A track's folder in which shards of the toy track were submitted."""
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    write_prepared(tmp_path / "data")
    request = make_request(tmp_path, make_track(loops=2))
    root = request.root
    root.mkdir(parents=True)
    for spec, source in request.methods:
        freeze(root, spec, source)
    write_model(request_file(root), asked(request, Kind.EXPERIMENT, ()))
    return root


def attempt(root: Path, run, slug=SLUG, granted=None):
    request = read_request(root).request(root, cores=1)
    return work(root, slug, request, lambda _: None, run, granted)


def test_the_request_is_rebuilt_as_it_was(root: Path, tmp_path: Path) -> None:
    before = make_request(tmp_path, make_track(loops=2))
    after = read_request(root).request(root, cores=2)
    assert after.track == before.track
    assert [spec for spec, _ in after.methods] == [spec for spec, _ in before.methods]
    assert after.root == before.root
    assert after.step_command == before.step_command


def test_the_wish_for_isolation_travels_with_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = make_request(tmp_path, make_track(loops=2))
    assert asked(request, Kind.EXPERIMENT, ()).isolation == "auto"
    monkeypatch.setenv("NNACTIVE_ISOLATION", "landlock")
    assert asked(request, Kind.EXPERIMENT, ()).isolation == "landlock"


def test_a_finished_shard_is_marked_and_not_worked_on_again(root: Path) -> None:
    parts = []

    def run(_request, _watcher, part):
        parts.append(part)
        assert shard_lease(root, SLUG).exists()
        return []

    told = attempt(root, run, granted=Grant(500, 30))
    assert told.status == 0
    assert read_ended(root, SLUG) == Ended(outcome="finished")
    assert not shard_lease(root, SLUG).exists()
    (only,) = read_history(root, SLUG).attempts
    assert (only.status, only.memory_mb, only.minutes) == ("finished", 500, 30)
    assert only.ended >= only.began
    assert attempt(root, run).status == 0
    assert [part.experiments for part in parts] == [(Experiment("s", "random", 1),)]


def test_a_shard_that_is_stopped_is_not_finished_and_never_gives_up(root: Path) -> None:
    def stopped(*_):
        raise KeyboardInterrupt

    for _ in range(FUTILE + 2):
        told = attempt(root, stopped)
        assert told.status == UNFINISHED
    assert read_ended(root, SLUG) is None
    assert {each.status for each in read_history(root, SLUG).attempts} == {"stopped"}


def test_a_stop_near_the_time_limit_is_the_limits_doing(root: Path) -> None:
    def stopped(*_):
        raise KeyboardInterrupt

    attempt(root, stopped, granted=Grant(500, 1))
    assert read_history(root, SLUG).attempts[-1].status == "time"


def test_a_failed_experiment_is_an_end(root: Path) -> None:
    def run(*_):
        file = root / layout.result_file(PROBLEM.experiment)
        file.parent.mkdir(parents=True)
        file.write_text("{}")
        return [PROBLEM]

    import benchmark.cluster.work as module

    class Failed:
        status = "failed"

    before, module.load_result = module.load_result, lambda _: Failed
    try:
        told = attempt(root, run)
    finally:
        module.load_result = before
    assert told.status == 0
    assert read_ended(root, SLUG).outcome == "failed"
    assert "train fold 0: broke" in read_ended(root, SLUG).reasons[0]


def test_a_broken_shard_is_tried_again_until_that_leads_nowhere(root: Path) -> None:
    for _ in range(FUTILE):
        told = attempt(root, lambda *_: [PROBLEM])
        assert told.status == 1
        assert "train fold 0: broke" in told.problems[0]
    told = attempt(root, None)
    assert told.status == 0
    assert read_ended(root, SLUG).outcome == "failed"
    assert "gave up after 3 attempts" in read_ended(root, SLUG).reasons[0]
    assert "train fold 0: broke" in read_ended(root, SLUG).reasons[0]


def test_an_error_of_the_run_breaks_the_attempt(root: Path) -> None:
    def run(*_):
        raise UserError("data: gone")

    assert attempt(root, run).status == NnactiveError.exit_code
    assert read_history(root, SLUG).attempts[-1].reason == "data: gone"


def test_attempts_that_died_count_as_such(root: Path) -> None:
    dead = Attempt(host="h", job="7", began=1.0, done=0)
    save_history(root, SLUG, History(attempts=(dead,)))
    attempt(root, lambda *_: [])
    assert [each.status for each in read_history(root, SLUG).attempts] == ["died", "finished"]


def test_what_needs_a_failed_start_fails_with_its_reason(root: Path) -> None:
    write_model(ended_file(root, "start.s.start.seed_1"), Ended(outcome="failed", reasons=("r",)))
    told = attempt(root, None)
    assert told.status == 0
    assert read_ended(root, SLUG).reasons == ("start.s.start.seed_1: r",)


def test_two_jobs_never_work_on_one_shard(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.cluster.work.SILENT_SECONDS", 0.1)
    held = Lease.take(shard_lease(root, SLUG))
    assert held is not None
    told = attempt(root, None)
    assert told.status == UNFINISHED
    assert not read_history(root, SLUG).attempts
    held.release()


def test_an_unknown_shard_is_named(root: Path) -> None:
    with pytest.raises(UserError, match="nonsense: no shard of"):
        attempt(root, None, slug="nonsense")


@pytest.mark.slow
def test_a_real_run_of_shards_is_stopped_by_a_signal_and_continues(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps are stand-ins (stand_in_steps.py)."""
    monkeypatch.setenv("PYTHONPATH", str(STAND_INS.parent))
    monkeypatch.setenv("STAND_IN_SECONDS", "2")
    command = [sys.executable, "-P", "-m", "benchmark.cli", "shard", str(root)]
    start = "start.s.start.seed_1"
    process = subprocess.Popen([*command, start])
    deadline = time.monotonic() + 60
    while not calls(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(60) == UNFINISHED
    assert read_history(root, start).attempts[-1].status == "stopped"
    assert not shard_lease(root, start).exists()

    assert subprocess.run([*command, start], check=False).returncode == 0
    assert read_ended(root, start) == Ended(outcome="finished")
    assert set(calls(tmp_path).values()) == {1}
    assert not any("/random/" in output for output in calls(tmp_path))
    done = subprocess.run([*command, SLUG], check=False, env={**os.environ, "SLURM_JOB_ID": "9"})
    assert done.returncode == 0
    assert (root / layout.result_file(Experiment("s", "random", 1))).exists()
    assert set(calls(tmp_path).values()) == {1}
    assert read_history(root, SLUG).attempts[-1].job == "9"
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert listed == f"{start}  finished\n{SLUG}  finished\n"

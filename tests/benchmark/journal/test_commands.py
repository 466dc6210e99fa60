"""The commands that follow and steer a run, on made-up journals (conftest.py)."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmark import layout
from benchmark.cli.main import main
from benchmark.cluster.history import Ended, ended_file, shard_lease
from benchmark.cluster.outer.place import submit_lease
from benchmark.cluster.request import ShardRequest, request_file
from nnactive.io.files import write_model

TRAINING = "s0/bald/seed_1/loop_001/fold_0.pth"
QUERY = "s0/bald/seed_1/loop_001.json"
RUN = """
import sys, time
from pathlib import Path
from nnactive.io.leases import Lease
assert Lease.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""
"""STAND-IN for a run: a process that holds a run's lease."""


@pytest.fixture
def call(folder, capsys):
    def run(*words: str) -> tuple[int, str, str]:
        status = main([*words, "--runs", str(folder.root.parent)])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def holder(folder):
    file = folder.root / layout.run_lease("run-here")
    process = subprocess.Popen([sys.executable, "-c", RUN, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def write_log(folder, output: str, text: str) -> Path:
    log = folder.root / folder.job(output).log
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)
    return log


def test_status_says_what_runs_what_failed_and_what_to_do(folder, call) -> None:
    folder.tell("began", TRAINING, host="node7", gpu="3", scheduled="123")
    folder.hold(layout.lease_file(Path(TRAINING)))
    failed = "s0/random/seed_2/loop_001.json"
    folder.tell("failed", failed, reason="crash: no")
    status, out, _ = call("status")
    assert status == 0
    assert "toy: 0 of 4 experiments done, 1 running, 2 waiting, 1 failed" in out
    assert f"0 of {len(folder.jobs)} jobs done, 1 running" in out
    assert "s0, bald, seed 1: loop 1, train fold 0" in out
    assert "node7, GPU 3, job 123" in out
    assert "failed: s0, random, seed 2: loop 1, query: crash: no" in out
    assert f"log: {folder.root / folder.job(failed).log}" in out
    assert "nnactive-bench retry --failed toy" in out


def test_status_as_json_has_everything(folder, call) -> None:
    folder.tell("ended", "s0/bald/seed_1/result.json", seconds=2)
    status, out, _ = call("status", "toy", "--json")
    (view,) = json.loads(out)
    assert (status, view["track"], view["done"], view["waiting"]) == (0, "toy", 1, 3)
    assert view["seconds_spent"] == 2


def test_status_of_a_run_from_before_there_were_journals(folder, call) -> None:
    folder.touch("s0/bald/seed_1/loop_001.json")
    assert "nnactive-bench status --rescan toy" in call("status")[1]
    _, out, err = call("status", "--rescan")
    assert "toy: the journal was wrong: s0, bald, seed 1: loop 1, query: done" in err
    assert f"1 of {len(folder.jobs)} jobs done" in out


def test_status_says_when_nothing_runs_though_something_waits(folder, call) -> None:
    told = "nothing is running; to continue, run the same command again"
    folder.tell("ended", "s0/bald/seed_1/result.json", seconds=2)
    assert told in call("status")[1]
    run = folder.root / layout.run_lease("run-here")
    folder.hold(layout.run_lease("run-here"))
    assert run.exists()
    assert told not in call("status")[1]


def test_a_track_that_never_ran_needs_no_rescan(folder, call) -> None:
    assert "--rescan" not in call("status")[1]


def test_no_run_is_an_error_in_one_line(call) -> None:
    status, _, err = call("status", "other")
    assert status == 2
    assert err.startswith("error: ")
    assert "no run of track other; it has toy" in err


def test_logs_prints_the_failed_step(folder, call) -> None:
    write_log(folder, QUERY, "what went wrong\nexit status 1\n")
    later = write_log(folder, TRAINING, "training\n")
    os.utime(later, (time.time() + 60, time.time() + 60))
    assert call("logs", "bald/1")[1] == "training\n"
    folder.tell("failed", QUERY, reason="why")
    assert call("logs", "bald/1")[1] == "what went wrong\nexit status 1\n"
    assert call("logs", "bald/1", "--step", "train_fold")[1] == "training\n"
    status, _, err = call("logs", "bald/1", "--loop", "2")
    assert (status, "it has no log of a loop 2 step" in err) == (2, True)


def test_logs_lists_what_an_ambiguous_name_may_mean(call) -> None:
    status, _, err = call("logs", "bald")
    assert status == 2
    assert "2 experiments; choose one: toy/s0/bald/1, toy/s0/bald/2" in err


def test_logs_follows_until_the_job_ends(folder, call) -> None:
    log = write_log(folder, QUERY, "first\n")

    def write() -> None:
        time.sleep(0.7)
        with log.open("a") as file:
            file.write("second\nexit status 0\n")

    writer = threading.Thread(target=write)
    writer.start()
    assert call("logs", "bald/1", "-f")[1] == "first\nsecond\nexit status 0\n"
    writer.join()


def test_retry_says_how_to_go_on(folder, call) -> None:
    folder.tell("failed", QUERY, reason="why")
    status, out, _ = call("retry", "--failed", "toy")
    assert status == 0
    assert "to be tried again: s0, bald, seed 1: loop 1, query" in out
    assert "nnactive-bench track run toy.yaml --runs" in out
    assert "nothing failed here" in call("retry", "toy", "bald")[1]
    assert call("retry", "toy")[0] == 2
    assert "0 failed" in call("status")[1]


def test_cancel_ends_a_run_on_this_machine(holder, call) -> None:
    _, out, _ = call("cancel", "toy")
    assert "told run-here on" in out
    assert holder.wait(10) == -signal.SIGTERM
    assert "nothing is running" in call("cancel")[1]


def test_cancel_of_an_experiment_ends_no_run_of_another(folder, holder, call) -> None:
    other = "s0/random/seed_1/loop_001/fold_0.pth"
    for output in (TRAINING, other):
        folder.tell("began", output, "run-here")
        folder.hold(layout.lease_file(Path(output)))
    status, _, err = call("cancel", "toy", "bald/1")
    assert status == 2
    assert "run-here: also works on s0, random, seed 1;" in err
    assert "nothing is running" in call("cancel", "toy", "random/2")[1]
    assert holder.poll() is None
    assert "told run-here" in call("cancel", "toy", "bald/1", "random/1")[1]


def test_cancel_says_how_to_end_what_runs_elsewhere(folder, call, monkeypatch) -> None:
    folder.hold(layout.run_lease("shard-a"))
    lease = folder.root / layout.run_lease("shard-a")
    content = json.loads(lease.read_text())
    elsewhere = {**content, "host": "node7", "boot": "another", "job": "123", "pid": 7}
    lease.write_text(json.dumps(elsewhere))
    assert "shard-a on node7: cancel it with its scheduler: scancel 123" in call("cancel")[1]
    lease.write_text(json.dumps({**elsewhere, "job": None}))
    assert "ssh node7 kill 7" in call("cancel")[1]


def test_status_counts_the_shards_of_a_cluster(folder, call) -> None:
    root = folder.root
    asked = ShardRequest(track=folder.track, methods=folder.track.methods, data="/data")
    write_model(request_file(root), asked)
    done, failed, runs = list(asked.shards())[:3]
    write_model(ended_file(root, done), Ended(outcome="finished"))
    write_model(ended_file(root, failed), Ended(outcome="failed"))
    folder.hold(shard_lease(root, runs).relative_to(root))
    rest = len(asked.shards()) - 3
    told = f"shards: 1 finished, 1 failed, 1 running, {rest} pending; "
    assert f"{told}nothing is submitting them" in call("status")[1]
    folder.hold(submit_lease(root).relative_to(root))
    assert f"{told}submitted by process {os.getpid()} on" in call("status")[1]
    assert json.loads(call("status", "--json")[1])[0]["shards"]["pending"] == rest


def test_retry_lets_a_shard_that_gave_up_be_submitted_again(folder, call) -> None:
    asked = ShardRequest(track=folder.track, methods=folder.track.methods, data="/data")
    write_model(request_file(folder.root), asked)
    slug = next(iter(asked.shards()))
    write_model(ended_file(folder.root, slug), Ended(outcome="failed"))
    _, out, _ = call("retry", "--failed", "toy")
    assert f"to be submitted again: {slug}" in out
    assert "now run the command that submitted them" in out
    assert not ended_file(folder.root, slug).exists()


def test_cancel_on_a_cluster_asks_the_scheduler_of_the_profile(folder, call, monkeypatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("benchmark.cluster.ending.end_all", lambda root: [])
    monkeypatch.setattr("benchmark.cluster.ending.end_job", lambda root, job: not told.append(job))
    folder.hold(layout.run_lease("shard-a"))
    lease = folder.root / layout.run_lease("shard-a")
    content = {**json.loads(lease.read_text()), "host": "node7", "boot": "another", "job": "123"}
    lease.write_text(json.dumps(content))
    assert "shard-a on node7: cancelled job 123" in call("cancel")[1]
    assert told == ["123"]

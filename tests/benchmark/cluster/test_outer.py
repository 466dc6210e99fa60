"""The outer workflow with real Snakemake. Its scheduler is a stand-in: a ``submit`` command that
runs a job's script in the background; steps are stand-ins, too (stand_in_steps.py)."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy import STAND_INS, calls, make_request, make_track, write_prepared

from benchmark import layout
from benchmark.cluster.history import (
    Ended,
    ended_file,
    read_ended,
    read_history,
    shard_lease,
)
from benchmark.cluster.outer import look, submit
from benchmark.cluster.outer.look import counts, is_made
from benchmark.cluster.outer.place import check_folder, job_name
from benchmark.cluster.outer.submit import submit_shards
from benchmark.cluster.profiles.profile import Profile
from benchmark.cluster.shards import Kind
from benchmark.layout import Experiment
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.io.leases import Lease

SUBMIT = """#!/bin/sh
# A scheduler of one line: the job goes on when its submitter dies.
for script; do :; done
setsid sh "$script" > "$script.txt" 2>&1 < /dev/null &
echo $!
"""
PROFILE = {"executor": "cluster-generic", "cores": 1, "gpus": 0, "memory_gib": 1, "hours": 1}
CALL = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(STAND_INS.parent)!r})
from benchmark.cluster.outer.submit import submit_shards
from benchmark.cluster.profiles.profile import load_profile
from benchmark.cluster.shards import Kind
from toy import make_request, make_track
folder = Path(sys.argv[1])
request = make_request(folder, make_track(loops=2, methods=("random", "bald")))
left = submit_shards(request, load_profile(str(folder / "p.yaml")), Kind.EXPERIMENT, print)
sys.exit(bool(left))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setattr(look, "SECONDS_BETWEEN_LOOKS", 0.3)
    write_prepared(tmp_path / "data")
    program = tmp_path / "submit"
    program.write_text(SUBMIT)
    program.chmod(0o755)
    return tmp_path


def profile(folder: Path) -> Profile:
    return Profile.model_validate(
        {**PROFILE, "submit": str(folder / "submit"), "seconds_between_looks": 1}
    )


@pytest.mark.slow
def test_a_track_is_submitted_finished_and_added_to(folder: Path) -> None:
    told: list[str] = []
    first = make_request(folder, make_track(loops=2))
    assert submit_shards(first, profile(folder), Kind.EXPERIMENT, told.append) == {}
    assert told[0].startswith("submitting 2 of 2 shards")
    assert told[-1] == "2 of 2 shards finished, 0 running"
    before = calls(folder)
    assert set(before.values()) == {1}
    assert len(before) == 11

    both = make_request(folder, make_track(loops=2, methods=("random", "bald")))
    told.clear()
    assert submit_shards(both, profile(folder), Kind.EXPERIMENT, told.append) == {}
    assert told[0].startswith("submitting 1 of 3 shards")
    assert len(calls(folder) - before) == 6
    assert set(calls(folder).values()) == {1}

    told.clear()
    assert submit_shards(both, profile(folder), Kind.EXPERIMENT, told.append) == {}
    assert told == []


@pytest.mark.slow
def test_jobs_of_a_killed_submitter_go_on_and_are_taken_over(folder: Path, monkeypatch) -> None:
    import yaml

    content = profile(folder).model_dump(mode="json", exclude_defaults=True)
    (folder / "p.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.setenv("STAND_IN_SECONDS", "4")
    root, start = folder / "runs/toy", "start.s.start.seed_1"
    command = [sys.executable, "-c", CALL, str(folder)]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 90
    while not shard_lease(root, start).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    process.kill()
    process.wait()
    assert counts(root, [start]).running == 1

    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 shards are running from an earlier call; waiting for them" in done.stdout
    assert set(calls(folder).values()) == {1}
    assert len(calls(folder)) == 17
    assert read_history(root, start).attempts[0].status == "finished"


def test_a_second_call_is_refused_while_one_submits(folder: Path) -> None:
    request = make_request(folder, make_track(loops=2))
    (request.root / ".shards").mkdir(parents=True)
    held = Lease.take(request.root.resolve() / ".shards/submit.lease")
    assert held is not None
    with pytest.raises(
        UserError, match=rf"another call is submitting shards.*process {os.getpid()}"
    ):
        submit_shards(request, profile(folder), Kind.EXPERIMENT, print)
    held.release()


def test_what_led_nowhere_ends_the_call(folder: Path, monkeypatch) -> None:
    """Jobs that end before they begin: without an attempt, there is no second round."""
    rounds = []
    monkeypatch.setattr(submit, "_round", lambda *_: rounds.append(1))
    request = make_request(folder, make_track(loops=2))
    left = submit_shards(request, profile(folder), Kind.EXPERIMENT, print)
    assert left == {"start.s.start.seed_1": None, "s.random.seed_1": None}
    assert rounds == [1]


def test_what_failed_is_tried_again_by_the_next_call(folder: Path, monkeypatch) -> None:
    request = make_request(folder, make_track(loops=2))
    seen = []

    def fails(root, _wanted, _profile, left, _tell):
        seen.append(list(left))
        for slug in left:
            write_model(ended_file(root, slug), Ended(outcome="failed", reasons=("r",)))

    monkeypatch.setattr(submit, "_round", fails)
    for _ in range(2):
        left = submit_shards(request, profile(folder), Kind.EXPERIMENT, print)
        assert {end.reasons for end in left.values() if end} == {("r",)}
    assert seen == [["start.s.start.seed_1", "s.random.seed_1"]] * 2


def test_shards_are_counted_by_their_files(folder: Path) -> None:
    root = folder / "runs/toy"
    (root / ".shards").mkdir(parents=True)
    write_model(ended_file(root, "a"), Ended(outcome="finished"))
    write_model(ended_file(root, "b"), Ended(outcome="failed"))
    held = Lease.take(shard_lease(root, "c"))
    assert str(counts(root, "abcd")) == "1 of 4 shards finished, 1 running, 1 failed"
    assert held is not None
    held.release()
    assert counts(root, "abcd").running == 0


def test_a_start_is_made_when_all_of_its_loop_is_there(folder: Path) -> None:
    from benchmark.cluster.shards import Shard

    request = make_request(folder, make_track(loops=2))
    root, start = request.root, Experiment("s", "start", 1)
    shard = Shard(Kind.START, "s", ("start",), 1, last=False)
    files = [
        layout.evaluation_file(start, 0),
        layout.train_folder(start, 0),
        *(layout.member_file(start, 0, fold) for fold in range(2)),
    ]
    for file in files:
        assert not is_made(root, shard, request)
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    assert is_made(root, shard, request)
    assert read_ended(root, shard.slug) is None


@pytest.mark.parametrize("name", ["{x}", "50%", "a'b", 'a"b', "a$b", "Größe", "a*"])
def test_a_folder_that_no_scheduler_can_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="doesn't survive a scheduler's command line"):
        check_folder(Path("/runs") / name / "main")


def test_names_of_jobs_tell_tracks_and_folders_apart() -> None:
    names = {job_name(Path(text)) for text in ("/a/main", "/b/main", "/a/demo")}
    assert len(names) == 3
    assert all(name.startswith("nnactive-") and len(name) <= 50 for name in names)

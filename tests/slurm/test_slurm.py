"""On a real Slurm of one node with two stand-in GPUs, which .ci/slurm starts and names here.

The toy track's steps are stand-ins (stand_in_steps.py); those of the tiny track are real, here and
inside the image that .ci/containers built."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import psutil
import pytest
import yaml
from toy import STAND_INS, calls, write_prepared

from benchmark.cluster.history import Attempt, read_ended, read_history, shard_lease
from benchmark.cluster.request import read_request
from nnactive.io.leases import living

ROOT = Path(__file__).parents[2]
ASKED = os.environ.get("NNACTIVE_TEST_SLURM", "")
"""Whether there is Slurm: "accounting", "bare" or nothing."""
BENCH = [sys.executable, "-P", "-m", "benchmark.cli"]
START = "start.s.start.seed_0"
PATIENCE = 900
"""Seconds; limits are for hangs, and not for speed: other work may leave little of the machine."""
SIF = Path(os.environ.get("NNACTIVE_TEST_SIF", ""))
"""An Apptainer image of this checkout."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ASKED, reason="no NNACTIVE_TEST_SLURM: .ci/slurm runs these"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("PYTHONPATH", str(STAND_INS.parent))
    write_prepared(tmp_path / "data")
    yield tmp_path
    subprocess.run(["scancel", "--me"], check=False)


def profile(folder: Path, **changes: object) -> str:
    """The shipped profile as `profile init` would adapt it to this cluster."""
    name = "slurm" if ASKED == "accounting" else "slurm-no-accounting"
    made = {
        "executor": "slurm",
        "accounting": name == "slurm",
        "partition": "ci",
        "cores": 1,
        "memory_gib": 2,
        "hours": 0.5,
        "seconds_between_looks": 3,
        **changes,
    }
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(made))
    return str(file)


def submit(folder: Path, used: str, cut: str = "experiment", seeds: int = 1):
    script = Path(__file__).with_name("submit_toy.py")
    command = [sys.executable, str(script), str(folder), used, cut, str(seeds)]
    return subprocess.Popen(command)


def until(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def squeue(state: str) -> list[str]:
    command = ["squeue", "--me", "-h", "-p", "ci", "-t", state, "-o", "%i"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def attempts(root: Path) -> list[Attempt]:
    slugs = read_request(root).shards()
    return [each for slug in slugs for each in read_history(root, slug).attempts]


def urgent(seconds: int) -> None:
    """A job that preempts all others, and waits for its end."""
    options = "-p urgent --gpus=2 -n1 --mem 100 -o /dev/null --wait --wrap"
    command = ["sbatch", *shlex.split(options), f"sleep {seconds}"]
    subprocess.run(command, check=True, timeout=PATIENCE)


def resume(node: str) -> None:
    """Undo what Slurm does to a node that is back before its jobs ended: it drains the node, and
    holds a job whose number is still there."""
    command = ["sinfo", "-h", "-n", node, "-p", "ci", "-o", "%T"]
    state = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    if state.startswith(("drain", "down")):
        change = ["scontrol", "update", f"NodeName={node}", "State=RESUME"]
        subprocess.run(change, check=False)
    command = ["squeue", "--me", "-h", "-t", "PD", "-o", "%i %r"]
    pending = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    for line in pending.splitlines():
        job, _, reason = line.partition(" ")
        if "held" in reason.lower():
            subprocess.run(["scontrol", "release", job], check=False)


def running(root: Path) -> int:
    leases = (root / ".shards").glob("*.lease")
    return sum(living(file) is not None for file in leases if file.stem != "submit")


def test_a_profile_is_made_and_tried(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    name = "slurm" if ASKED == "accounting" else "slurm-no-accounting"
    options = "--yes --here --cores 1 --memory-gib 1 --hours 1 --runs runs"
    command = [*BENCH, "profile", "init", name, *options.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    made = yaml.safe_load(Path(f"profiles/{name}.yaml").read_text())
    assert made["partition"] == "ci"
    assert made.get("account") in ({"ci", "root"} if ASKED == "accounting" else {None})
    for what in ("node", "GPU", "driver", "scratch", "shared folder", "hard links", "flock"):
        assert f"{what:<14}  ok" in done.stdout
    assert "CUDA_VISIBLE_DEVICES=0" in done.stdout


def test_whatever_is_killed_each_step_is_finished_once(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_SECONDS", "4")
    used, root = profile(folder), folder / "runs/toy"
    submitter = submit(folder, used, seeds=2)
    until(lambda: shard_lease(root, START).exists() and running(root) == 2)
    submitter.kill()
    submitter.wait()
    assert running(root) == 2

    submitter = submit(folder, used, seeds=2)
    until(lambda: read_ended(root, START))
    until(lambda: len(squeue("R")) == 2 and running(root) == 2)
    subprocess.run(["scancel", squeue("R")[0]], check=True)
    until(lambda: any(each.status == "stopped" for each in attempts(root)))

    until(lambda: running(root) >= 1)
    before = len(attempts(root))
    urgent(3)
    until(lambda: len(attempts(root)) > before)

    until(lambda: running(root) >= 1 or submitter.poll() is not None)
    node = subprocess.run(["sinfo", "-h", "-o", "%n"], check=True, capture_output=True, text=True)
    name = node.stdout.split()[0]
    change = ["scontrol", "update", f"NodeName={name}", "State=DOWN", "Reason=test"]
    subprocess.run(change, check=True)
    time.sleep(3)
    until(lambda: resume(name) or submitter.poll() is not None)
    assert submitter.returncode == 0
    assert {
        end.outcome for slug in read_request(root).shards() if (end := read_ended(root, slug))
    } == {"finished"}
    assert set(calls(folder).values()) == {1}
    assert len(calls(folder)) == 2 * (5 + 2 * 6)

    tries = [each for each in attempts(root) if each.ended]
    assert {each.gpu for each in tries} == {"0", "1"}
    for one, other in combinations(tries, 2):
        together = one.began < other.ended and other.began < one.ended
        assert not together or one.gpu != other.gpu


def test_a_time_limit_in_a_training_is_survived(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_SECONDS", "15")
    used = profile(folder, hours=1 / 60, warning_seconds=0)
    assert submit(folder, used, cut="component").wait(PATIENCE) == 0
    (slug,) = read_request(folder / "runs/toy").shards()
    ends = [each.status for each in read_history(folder / "runs/toy", slug).attempts]
    assert ends[0] == "time"
    # One whose limit comes between its shard's end and its own is tried once more, to no effect.
    assert set(ends[ends.index("finished") :]) == {"finished"}
    assert set(ends) == {"time", "finished"}
    assert set(calls(folder).values()) == {1}


def test_the_tiny_track_with_real_steps_completes(folder: Path) -> None:
    places = [f"--{each}={folder / each}" for each in ("data", "runs")]
    (folder / "data").rename(folder / "other")
    track = str(ROOT / "tests/e2e/tiny.yaml")
    used = profile(folder, memory_gib=3)
    command = [*BENCH, "track", "run", track, "--profile", used, *places]
    command += ["--out", str(folder / "board.html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 shards finished" in done.stderr
    assert (folder / "board.html").exists()
    again = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert "submitting" not in again.stderr


@pytest.mark.skipif(not SIF.is_file(), reason="NNACTIVE_TEST_SIF names no Apptainer image")
@pytest.mark.skipif(not shutil.which("apptainer"), reason="Apptainer is not on this machine")
def test_in_the_image_a_cancelled_job_saves_and_the_track_completes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPTAINER_USERNS", "1")  # root, too, in a namespace of its own
    (folder / "data").rename(folder / "other")
    root, scratch = folder / "runs/tiny", folder / "scratch"
    places = [f"--{each}={folder / each}" for each in ("data", "runs")]
    used = profile(folder, memory_gib=3, scratch=str(scratch))
    command = [*BENCH, "track", "run", str(ROOT / "tests/e2e/tiny.yaml"), *places]
    command += ["--out", str(folder / "board.html"), "--profile", used, "--container", str(SIF)]
    with (folder / "told.txt").open("w") as told:
        submitter = subprocess.Popen(command, stdout=told, stderr=told)

    def trains() -> bool:
        """Whether a training runs, as one sees it from outside."""
        asked = [*BENCH, "status", "tiny", "--json", f"--runs={folder / 'runs'}"]
        done = subprocess.run(asked, check=False, capture_output=True, text=True)
        seen = json.loads(done.stdout) if done.returncode == 0 else []
        return any(job["output"].endswith(".pth") for each in seen for job in each["jobs_running"])

    until(lambda: trains() or submitter.poll() is not None)
    (job,) = squeue("R")
    subprocess.run(["scancel", job], check=True)
    until(lambda: [each.status for each in attempts(root)][:1] == ["stopped"])
    assert submitter.wait(PATIENCE) == 0, (folder / "told.txt").read_text()
    assert {each.status for each in attempts(root)[1:]} == {"finished"}
    assert {each.gpu for each in attempts(root)} <= {"0", "1"}
    assert attempts(root)[0].job == job
    log = next((root / ".shards").rglob(f"{job}.log")).read_text()
    assert "stopped with everything saved" in log
    result = json.loads(next(root.rglob("result.json")).read_text())
    assert result["environment"]["image"]["digest"].startswith("sha256:")
    assert not any(scratch.iterdir())
    lines = [each.info["cmdline"] or [] for each in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if str(SIF) in line]

"""Runs in bad conditions. The steps are stand-ins (unlucky_steps.py); Snakemake, the supervisors
and the command line around the steps are real."""

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from toy import STAND_INS, calls, make_request, make_track, write_prepared

from benchmark import layout
from benchmark.cli.commands.tracks import finish
from benchmark.layout import Experiment
from benchmark.results import load_result

ODD = '-a {x} 50% {{it\'s}} $HOME "q" [*] ~ Größe #;&|\\ \n<b>'
"""Whatever a file system allows in a path must not matter."""
UNLUCKY = STAND_INS.with_name("unlucky_steps.py")

RUN = f"""
import sys
from pathlib import Path
import click
sys.path.insert(0, {str(STAND_INS.parent)!r})
from benchmark.cli.commands.tracks import finish
from benchmark.cli.errors import guarded
from toy import make_request, make_track

@click.command(context_settings={{"ignore_unknown_options": True}})
@click.argument("folder", type=Path)
@click.argument("methods", nargs=-1)
def run(folder, methods):
    request = make_request(folder, make_track(loops=2, methods=methods))
    return finish(request, folder / f"board_{{'_'.join(methods)}}.html")

sys.exit(guarded(run, None, "run"))
"""
"""Runs a track in the folder that is its argument, as the command line does."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / ODD
    folder.mkdir()
    write_prepared(folder / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(folder / "calls.txt"))
    return folder


def unlucky(folder: Path, track, methods=None):
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(UNLUCKY))}"
    return replace(make_request(folder, track, methods), step_command=command)


def wait(condition, seconds=120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def processes_in(folder: Path) -> list[psutil.Process]:
    """Processes whose variables name the folder: all of a run there."""
    found = []
    for process in psutil.process_iter():
        try:
            told = process.environ().get("STAND_IN_CALLS", "")
        except psutil.Error:
            continue
        if told == str(folder / "calls.txt") and process.pid != os.getpid():
            found.append(process)
    return found


@pytest.mark.slow
def test_skewed_clocks_killed_wrappers_and_a_moved_folder_lose_nothing(
    folder, monkeypatch, capfd
) -> None:
    # Inputs from the future, and outputs from the past; every supervisor is killed before its
    # step begins and right after its output got its name.
    monkeypatch.setenv("UNLUCKY", "skew wrapper")
    future = time.time() + 1e7
    os.utime(folder / "data/phantom/prepared.json", (future, future))
    track = make_track(loops=2)
    assert finish(unlucky(folder, track), folder / "board.html") == 0
    done = calls(folder)
    assert set(done.values()) == {1}
    assert len(done) == 5 + 5 + 1
    assert len(list((folder / "runs/toy/s").rglob("*.pth"))) == 4

    # Elsewhere, with new times as after a copy, it goes on with what is missing.
    monkeypatch.setenv("UNLUCKY", "")
    (folder / "runs").rename(folder / "%s elsewhere {0}")
    request = replace(unlucky(folder, track), runs=folder / "%s elsewhere {0}")
    for path in request.root.rglob("*"):
        if not path.is_symlink():
            os.utime(path)
    experiment = request.root / "s/random/seed_1"
    (experiment / "result.json").unlink()
    (experiment / "loop_001/evaluation.json").unlink()
    assert finish(request, folder / "board.html") == 0
    fresh = sorted(Path(output).name for output in calls(folder) - done)
    assert fresh == ["evaluation.json", "result.json"]


@pytest.mark.slow
def test_a_step_that_dies_twice_and_a_damaged_member_end_well(folder, monkeypatch, capfd) -> None:
    monkeypatch.setenv("UNLUCKY", "twice damaged")
    request = unlucky(folder, make_track(loops=2))
    assert finish(request, folder / "board.html") == 0
    result = load_result(request.root / "s/random/seed_1/result.json")
    assert result.status == "complete"
    done = calls(folder)
    # What was set aside is made again, and nothing else.
    assert {output for output, count in done.items() if count > 1} == {
        "s/start/seed_1/loop_000/fold_0.pth"
    }
    assert max(done.values()) == 2


@pytest.mark.slow
def test_what_does_not_hang_on_a_failure_goes_on(folder, monkeypatch, capfd) -> None:
    monkeypatch.setenv("STAND_IN_FAULT", "crash")
    monkeypatch.setenv("STAND_IN_FAULT_IN", "/random/")
    request = make_request(folder, make_track(loops=2, methods=("random", "random_fg66")))
    assert finish(request, folder / "board.html") == 1
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith("error: s, random, seed 1: loop 1, train fold ")
    other = load_result(request.root / "s/random_fg66/seed_1/result.json")
    assert other.status == "complete"


@pytest.mark.slow
def test_a_full_disk_is_told_and_the_next_call_goes_on(folder, monkeypatch, capfd) -> None:
    monkeypatch.setenv("UNLUCKY", "full")
    request = unlucky(folder, make_track(loops=1))
    assert finish(request, folder / "board.html") == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "disk full" in errors[0]
    before = calls(folder)
    monkeypatch.setenv("UNLUCKY", "")
    assert finish(request, folder / "board.html") == 0
    assert set(calls(folder).values()) == {1}
    assert calls(folder) > before


@pytest.mark.slow
def test_two_runs_at_once_share_a_track_and_run_no_step_twice(folder) -> None:
    make_request(folder, make_track())
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder), *methods],
            env={**os.environ, "STAND_IN_SECONDS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for methods in (["random", "random_fg66"], ["random_fg66", "random"])
    ]
    told = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    done = calls(folder)
    assert set(done.values()) == {1}
    assert len(done) == 5 + 2 * (5 + 1)
    root = folder / "runs/toy"
    for method in ("random", "random_fg66"):
        file = root / layout.result_file(Experiment("s", method, 1))
        assert load_result(file).status == "complete"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "told"),
    [
        (signal.SIGTERM, 143, "ended by SIGTERM; run the same command to continue\n"),
        (signal.SIGINT, 130, "interrupted; run the same command to continue\n"),
    ],
)
def test_a_signal_ends_a_run_with_all_its_processes(folder, number, status, told) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), "random"],
        env={**os.environ, "STAND_IN_SECONDS": "300"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait((folder / "runs/toy/log/s/start/seed_1/loop_000/fold_0.pth.txt").exists)
    run.send_signal(number)
    out = run.communicate(timeout=60)[0]
    assert run.returncode == status
    assert out.endswith(told)
    assert "Traceback" not in out
    assert not processes_in(folder)
    assert not list((folder / "runs/toy/.journal").glob("*.lease"))
    assert set(calls(folder).values()) == {1}


@pytest.mark.slow
def test_a_killed_snakemake_does_not_end_a_run(folder) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), "random"],
        env={**os.environ, "STAND_IN_SECONDS": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait((folder / "runs/toy/log/s/start/seed_1/loop_000/fold_0.pth.txt").exists)
    (engine,) = (each for each in psutil.Process(run.pid).children() if _is_snakemake(each))
    engine.kill()
    out = run.communicate(timeout=120)[0]
    assert run.returncode == 0, out
    assert set(calls(folder).values()) == {1}
    assert not processes_in(folder)


def _is_snakemake(process: psutil.Process) -> bool:
    return "snakemake" in process.cmdline()


@pytest.mark.slow
def test_a_complete_experiment_with_a_lost_loop_file_is_made_again_from_there(
    folder, capfd
) -> None:
    request = make_request(folder, make_track(loops=2))
    assert finish(request, folder / "board.html") == 0
    before = calls(folder)
    (request.root / "s/random/seed_1/loop_001.json").unlink()
    capfd.readouterr()
    assert finish(request, folder / "board.html") == 0
    assert "made again" in capfd.readouterr().err
    fresh = calls(folder) - before
    assert set(fresh.values()) == {1}
    assert len(fresh) == 5 + 1
    assert all("s/random/seed_1/" in output for output in fresh)


@pytest.mark.slow
def test_a_result_is_collected_though_a_member_was_damaged_that_nothing_needs(
    folder, capfd
) -> None:
    request = make_request(folder, make_track(loops=2))
    assert finish(request, folder / "board.html") == 0
    before = calls(folder)
    experiment = request.root / "s/random/seed_1"
    os.truncate(experiment / "loop_001/fold_0.pth", 0)
    (experiment / "result.json").unlink()
    assert finish(request, folder / "board.html") == 0
    assert list(calls(folder) - before) == ["s/random/seed_1/result.json"]

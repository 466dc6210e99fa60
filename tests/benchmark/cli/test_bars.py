"""Progress of long work on a dataset: with the time that is left, on a terminal or not."""

from pathlib import Path

import pytest

from benchmark.cli.bars import Lines, bars
from benchmark.cli.commands.annotate.progress import in_rounds, told
from benchmark.cli.progress import Lines as RunLines
from benchmark.cli.progress import Pace
from benchmark.jobs import experiment_jobs
from benchmark.journal.watch import Progress
from benchmark.layout import Experiment
from nnactive.settings import Setting, Training


def test_lines_tell_now_and_then_how_far_a_stage_is(capsys, monkeypatch) -> None:
    clock = iter([0.0, 10.0, 40.0, 50.0, 100.0, 100.0, 140.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    lines = Lines()
    for done in (0, 1, 2, 3, 6):
        lines("resample", done, 6)
    lines("normalise", 0, 6)
    lines("normalise", 3, 6)
    assert capsys.readouterr().err.splitlines() == [
        "resample: 1 of 6 cases, about 50 s left",
        "resample: 2 of 6 cases, about 1 min left",
        "resample: 6 cases",
        "normalise: 3 of 6 cases, about 40 s left",
    ]


def test_nothing_is_said_of_the_time_before_anything_is_done() -> None:
    pace = Pace(0.25, 100)
    assert pace.left(0.25, 130) == ""
    assert pace.left(0.5, 130) == "about 1 min left"
    assert pace.left(1, 160) == ""


def test_a_run_in_which_nothing_ends_says_what_is_running(capsys, monkeypatch) -> None:
    clock = iter([0.0, 3.0, 6.0, 8.0, 13.0, 20.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    show = RunLines()
    still = Progress(total=2, done=(), fresh=(), running=(), seconds_left=None)
    show(still)
    show(still)
    show(Progress(total=2, done=("a",), fresh=("a",), running=("b",), seconds_left=70))
    busy = Progress(total=2, done=("a",), fresh=(), running=("b",), seconds_left=60)
    show(busy)
    show(busy)
    assert capsys.readouterr().err.splitlines() == [
        "running for 6 s: waiting for Snakemake",
        "[1/2] a, about 1 min left",
        "running for 5 s: b, about 1 min left",
        "running for 12 s: b, about 1 min left",
    ]


def test_a_projects_jobs_are_told_in_rounds(capsys, tmp_path: Path) -> None:
    setting = Setting(
        name="mine",
        dataset="mine",
        regime="own",
        patch_size=(4, 4, 4),
        starting_budget=1,
        query_size=1,
        loops=2,
        training=Training(folds=2),
    )
    jobs = list(experiment_jobs(tmp_path, setting, Experiment("mine", "random", 1)))
    words = [in_rounds(job) for job in jobs]
    assert words[:4] == [
        "choosing the patches of round 0",
        "collecting the labels of round 0",
        "training network 1 of 2 (labels of round 0)",
        "training network 2 of 2 (labels of round 0)",
    ]
    assert "choosing the patches of round 1" in words
    assert "training network 2 of 2 (labels of rounds 0 to 1)" in words
    with told() as show:
        show(Progress(2, (jobs[0],), (jobs[0],), (), seconds_left=0.2))
    assert capsys.readouterr().err == f"[1/2] {in_rounds(jobs[0])}\n"


def test_a_bar_on_a_terminal(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with bars() as progress:
        for done in range(4):
            progress("resample", done, 3)
    shown = capsys.readouterr().err
    assert "resample" in shown
    assert "3/3" in shown
    assert "0:00:00" in shown

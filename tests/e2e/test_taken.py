"""Trainings on the queries of another track's finished run: killed, continued, on the board."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.cli.main import main
from benchmark.results import ExperimentResult, load_result
from nnactive.io.files import sha256

TINY = Path(__file__).with_name("tiny.yaml")
HERE = "tiny/random/seed_12345"


def command(*arguments: str) -> list[str]:
    places = ("--data", "data", "--runs", "runs", "--out", "board.html", "--cores", "2")
    return [sys.executable, "-P", "-m", "benchmark.cli", *arguments, *places]


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, check=False
    )


def result_of(folder: Path, track: str) -> ExperimentResult:
    return load_result(folder / "runs" / track / HERE / "result.json")


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A folder with the data of a finished tiny run, and a track that takes its queries."""
    shutil.copytree(finished / "data", tmp_path / "data")
    longer = TINY.read_text().replace("name: tiny", "name: longer", 1)
    longer = f"{longer.replace('epochs: 2', 'epochs: 3').rstrip()}\n    queries: {{track: tiny}}\n"
    (tmp_path / "longer.yaml").write_text(longer)
    return tmp_path


@pytest.mark.slow
def test_queries_of_a_finished_run_are_trained_on_again(
    finished: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert main([*command("track", "run", "longer.yaml")[4:]]) == 2
    told = capsys.readouterr().err
    assert "not there; track longer trains on the queries of track tiny" in told
    assert not list(folder.glob("runs/longer/**/fold_*.pth"))

    shutil.copytree(finished / "runs" / "tiny", folder / "runs" / "tiny", symlinks=True)

    # Killed once the patches are there, which wait for no training.
    process = subprocess.Popen(
        command("track", "run", "longer.yaml"),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    last = folder / "runs" / "longer" / HERE / "loop_001.json"
    while not last.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert last.exists()
    written = last.stat().st_mtime_ns

    done = call(folder, "track", "run", "longer.yaml")
    assert done.returncode == 0, done.stderr
    assert last.stat().st_mtime_ns == written
    before, after = (result_of(folder, name) for name in ("tiny", "longer"))
    assert [loop.patches for loop in after.loops] == [loop.patches for loop in before.loops]
    assert [loop.chosen_in for loop in before.loops] == [None] * 2
    assert after.loops[0].chosen_in is None
    for loop in after.loops[1:]:
        assert loop.chosen_in is not None
        file = folder / "runs" / "tiny" / HERE / f"loop_{loop.loop:03d}.json"
        assert (loop.chosen_in.track, loop.chosen_in.digest) == ("tiny", sha256(file))
        assert "take" in loop.costs
        assert "query" not in loop.costs
    assert after.setting.training.epochs == 3
    page = (folder / "board.html").read_text()
    assert "those of each method in track tiny; only the training differs" in page

"""The real steps through the real workflow: killed, continued, submitted to, broken."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.results import load_result

ROOT = Path(__file__).parents[2]
TRACK = Path(__file__).with_name("tiny.yaml")
BROKEN = '''
from nnactive.methods import BUILTIN, Patch


class Greedy(BUILTIN["random"]):
    """Passes the check, whose pools are small; on others it repeats one place."""

    def query(self, pool, n):
        if len(pool.cases) < 10:
            return super().query(pool, n)
        return [Patch(pool.cases[0], (0, 0, 0), pool.patch_size)] * n
'''


def command(folder: Path, *arguments: str) -> list[str]:
    places = ("--data", "data", "--runs", "runs", "--out", "board.html", "--cores", "2")
    return [sys.executable, "-P", "-m", "benchmark.cli", *arguments, *places]


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *arguments), cwd=folder, capture_output=True, text=True, check=False
    )


def stamps(folder: Path) -> dict[Path, int]:
    members = folder.glob("runs/tiny/tiny/*/seed_*/loop_*/fold_*.pth")
    return {path: path.stat().st_mtime_ns for path in members}


@pytest.fixture(scope="module")
def folder(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with prepared data and a run that was killed after the first training."""
    made = tmp_path_factory.mktemp("track")
    shutil.copytree(phantom, made / "data" / "phantom")
    process = subprocess.Popen(
        command(made, "track", "run", str(TRACK)),
        cwd=made,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not stamps(made) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert stamps(made), "no training ended within 300 s"
    assert not list(made.rglob("result.json"))
    return made


@pytest.mark.slow
def test_a_killed_run_goes_on_and_repeats_nothing(folder: Path) -> None:
    before = stamps(folder)
    done = call(folder, "track", "run", str(TRACK))
    assert done.returncode == 0, done.stderr
    after = stamps(folder)
    assert before.items() <= after.items()
    assert len(after) == 4
    result = load_result(folder / "runs/tiny/tiny/random/seed_12345/result.json")
    assert [loop.labelled_patches for loop in result.loops] == [8, 12]
    assert {"start", "annotate", "train_fold_0", "train_fold_1", "evaluate"} <= set(
        result.loops[0].costs
    )
    assert "random" in (folder / "board.html").read_text()
    again = call(folder, "track", "run", str(TRACK))
    assert again.returncode == 0, again.stderr
    assert stamps(folder) == after


@pytest.mark.slow
def test_a_submission_shares_loop_0_and_a_broken_one_is_a_failed_row(folder: Path) -> None:
    (folder / "greedy.py").write_text(BROKEN)
    before = stamps(folder)
    example = f"{ROOT / 'examples/my_method.py'}:MyMethod"
    good = call(folder, "submit", example, "--track", str(TRACK))
    assert good.returncode == 0, good.stderr
    new = set(stamps(folder)) - set(before)
    assert len(new) == 2
    assert all("MyMethod-" in str(path) and "loop_001" in str(path) for path in new)

    bad = call(folder, "submit", "greedy.py:Greedy", "--track", str(TRACK))
    assert bad.returncode == 2
    (line,) = [line for line in bad.stderr.splitlines() if line.startswith("error: ")]
    assert "Greedy" in line
    assert "overlaps the chosen one" in line
    failed = [load_result(path) for path in folder.rglob("Greedy-*/seed_12345/result.json")]
    assert [result.status for result in failed] == ["failed"]
    assert "overlaps" in str(failed[0].failure)
    assert len(failed[0].loops) == 1
    page = (folder / "board.html").read_text()
    assert "MyMethod" in page
    assert "overlaps the chosen one" in page

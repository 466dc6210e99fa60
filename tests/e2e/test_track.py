"""The real steps through the real workflow: killed, continued, submitted to, broken."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmark.journal.events import parse
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

HOSTILE = '''
import os
import subprocess
import sys
from pathlib import Path

from nnactive.methods import BUILTIN

VICTIM = Path({victim!r})
DAEMON = "import pathlib, time; time.sleep(3); pathlib.Path({victim!r}).write_text('forged')"


class Forger(BUILTIN["random"]):
    """Passes the check; on other pools it goes for a finished result, and ends without a word."""

    def query(self, pool, n):
        if len(pool.cases) < 10:
            return super().query(pool, n)
        print("sees the result:", VICTIM.exists(), flush=True)
        try:
            VICTIM.write_text("forged")
        except OSError as error:
            print("refused:", error, flush=True)
        subprocess.Popen([sys.executable, "-c", DAEMON], start_new_session=True)
        os._exit(0)
'''


def command(folder: Path, *arguments: str) -> list[str]:
    places = ("--data", "data", "--runs", "runs", "--out", "board.html", "--cores", "2")
    return [sys.executable, "-P", "-m", "benchmark.cli", *arguments, *places]


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *arguments), cwd=folder, capture_output=True, text=True, check=False
    )


def bare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that takes other places than a run does."""
    words = [sys.executable, "-P", "-m", "benchmark.cli", *arguments]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def stamps(folder: Path) -> dict[Path, int]:
    members = folder.glob("runs/tiny/tiny/*/seed_*/loop_*/fold_*.pth")
    return {path: path.stat().st_mtime_ns for path in members}


class Continued(NamedTuple):
    """A run that was killed after its first training, and called again."""

    folder: Path
    before: dict[Path, int]
    """The members that there were when it was killed."""
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def continued(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Continued:
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
    return Continued(made, stamps(made), call(made, "track", "run", str(TRACK)))


@pytest.fixture
def folder(continued: Continued) -> Path:
    """A folder with prepared data and a finished run."""
    assert continued.done.returncode == 0, continued.done.stderr
    return continued.folder


@pytest.mark.slow
def test_a_killed_run_goes_on_and_repeats_nothing(continued: Continued, folder: Path) -> None:
    after = stamps(folder)
    assert continued.before.items() <= after.items()
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
def test_a_pack_of_baselines_leaves_a_method_its_own_loops(folder: Path) -> None:
    """Exported from one folder and taken into another, which has data of its own."""
    new = folder / "new"
    shutil.copytree(folder / "data", new / "data")
    run = ("track", "run", str(TRACK), "--method", "predictive_entropy")
    packed = bare(folder, "baselines", "export", str(TRACK), "pack", "--runs", "runs")
    assert packed.returncode == 0, packed.stderr
    places = ("--track", str(TRACK), "--data", "data", "--runs", "runs")
    taken = bare(new, "baselines", "import", "../pack", *places)
    assert taken.returncode == 0, taken.stderr
    assert "imported 1 start loop and 1 result" in taken.stdout
    before = stamps(new)
    own = call(new, "track", "run", str(TRACK))
    assert own.returncode == 0, own.stderr
    assert "results imported, not run again: random;" in own.stderr
    assert stamps(new) == before
    assert "Random" in (new / "board.html").read_text()
    done = call(new, *run)
    assert done.returncode == 0, done.stderr
    trained = [
        event.job
        for line in next(new.glob("runs/tiny/.journal/*.jsonl")).read_bytes().splitlines()
        if (event := parse(line)) and event.kind == "began" and event.step == "train_fold"
    ]
    assert sorted(trained) == [
        f"tiny/predictive_entropy/seed_12345/loop_001/fold_{fold}.pth" for fold in range(2)
    ]
    assert before.items() <= stamps(new).items()
    result = load_result(new / "runs/tiny/tiny/predictive_entropy/seed_12345/result.json")
    first = load_result(new / "runs/baselines/tiny/tiny/random/seed_12345/result.json")
    assert result.loops[0].patches == first.loops[0].patches
    assert result.loops[0].counts == first.loops[0].counts
    page = (new / "board.html").read_text()
    assert "Random" in page
    assert "Predictive Entropy" in page


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


@pytest.mark.slow
def test_a_hostile_method_is_a_failed_row_and_changes_nothing_else(folder: Path) -> None:
    victim = folder / "runs/tiny/tiny/random/seed_12345/result.json"
    before = victim.read_bytes()
    (folder / "forger.py").write_text(HOSTILE.format(victim=str(victim)))
    done = call(folder, "submit", "forger.py:Forger", "--track", str(TRACK))
    assert done.returncode in {1, 2}
    (failed,) = [load_result(path) for path in folder.rglob("Forger-*/seed_12345/result.json")]
    assert failed.failure
    assert failed.failure.kind == "crash"
    assert "ended from within" in failed.failure.reason
    (log,) = folder.rglob("log/**/Forger-*/seed_12345/loop_001.json.txt")
    isolated = "isolation" not in done.stderr
    if isolated:
        assert "sees the result: False" in log.read_text()
    time.sleep(4)  # longer than what it left behind would wait
    assert victim.read_bytes() == before
    assert "random" in (folder / "board.html").read_text()

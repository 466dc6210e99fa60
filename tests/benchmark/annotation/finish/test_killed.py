"""`kill -9` of `finish`, again and again: the next call goes on, and comes to the same.

The ensembles are trained already; kills in trainings are shown by tests/e2e/test_track.py.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from labelling import content, environment
from support import Loop
from trained_projects import drawable, label_round, trained_project

from benchmark.annotation.project.places import Places

TESTS = Path(__file__).parents[3]
COMMAND = """
import sys
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, sys.argv[3])
import kills
from benchmark.annotation.ensembles import find_ensemble
from benchmark.annotation.finish.run import finish
from benchmark.annotation.project.places import Places, load_project

places = Places(Path(sys.argv[1]))
project = load_project(places.root)
seen = kills.watch(int(sys.argv[2]))
silent = lambda: nullcontext(lambda *_: None)
finish(places, project, lambda number: find_ensemble(places, project, number), silent, "cpu")
print(seen[0])
"""
NEVER = 1 << 30
FIRST, STEP = 25, 25
"""Changes after which the first call is killed, and how many more each later one makes."""


def finish(places: Places, moment: int = NEVER) -> int | None:
    """Finish a project in a process that kills itself before a change; None: it did."""
    words = [sys.executable, "-c", COMMAND, str(places.root), str(moment), str(TESTS)]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def made(root: Path, phantom: Path, loop0: Loop) -> Places:
    places = trained_project(root, phantom, loop0, rounds=2)
    sources = drawable(places)
    label_round(places, sources, 0)
    label_round(places, sources, 1, patches=2)
    return places


def results(places: Places) -> dict[str, str]:
    """What was finished, but for files that name the time or the folder."""
    found = content(places.finished)
    timed = (".html", ".txt", "finished.json")
    return {name: digest for name, digest in found.items() if not name.endswith(timed)}


@pytest.mark.slow
def test_finish_goes_on_after_kills(tmp_path: Path, phantom: Path, loop0: Loop) -> None:
    whole, places = (made(tmp_path / name, phantom, loop0) for name in ("whole", "killed"))
    assert finish(whole) is not None
    mine = content(places.root / "labels") | content(places.root / "images")
    done: dict[str, int] = {}
    kills = 0
    while finish(places, FIRST + kills * STEP) is None:
        assert not places.finished.exists(), "unfinished, but it looks finished"
        kills += 1
        for out in places.root.glob("work/finishing/*/out"):
            done |= stamps(out)
    assert kills > 1
    assert len(done) > 1
    assert done.items() <= stamps(places.finished).items(), "what was finished was made again"
    assert results(places) == results(whole)
    assert content(places.root / "labels") | content(places.root / "images") == mine
    assert not list(places.root.glob("finished_*"))


def stamps(folder: Path) -> dict[str, int]:
    """When networks and predictions were written."""
    return {
        str(file.relative_to(folder)): file.stat().st_mtime_ns
        for file in folder.rglob("*")
        if file.name.endswith((".pth", ".nii.gz")) and not file.name.startswith(".")
    }

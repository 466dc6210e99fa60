"""An import that is killed loses nothing, and the next one completes it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import Built, build

from benchmark.annotation.imports.take import import_labels
from nnactive.oracle.drawn import current
from nnactive.oracle.keep import read_voxels

CODE = """
import sys
from pathlib import Path
from benchmark.annotation.imports.take import import_labels
from benchmark.annotation.project.places import Places, load_project
root = Path(sys.argv[1])
print("begun", flush=True)
import_labels(Places(root), load_project(root))
"""


def drawn(root: Path) -> Built:
    built = build(root, rounds=3)
    for number in range(3):
        for patch_id in ("p01", "p02", "p03"):
            built.draw(patch_id, number=number)
    return built


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2])
def test_killed_at_some_moment(tmp_path: Path, seconds: float) -> None:
    built = drawn(tmp_path)
    work = subprocess.Popen(
        [sys.executable, "-c", CODE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert work.stdout is not None
    assert work.stdout.readline() == "begun\n"
    time.sleep(seconds)
    os.kill(work.pid, signal.SIGKILL)
    work.wait()
    before = dict(current(built.places.labels))
    report = import_labels(built.places, built.project)
    assert len(report.of("imported")) + len(report.of("kept")) == 9
    assert report.of("corrected") == ()
    after = dict(current(built.places.labels))
    assert len(after) == 9
    assert before.items() <= after.items()
    assert all(each.number == 1 for each in after.values())
    for folder, each in after.items():
        assert read_voxels(folder, each).any()

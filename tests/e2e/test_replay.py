"""A newcomer's first replay: the tiny run is made, then replayed as it was recorded."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.replay.example import FOLDER, example_track


def stamps(folder: Path) -> dict[Path, int]:
    """When each of the experiment's members was written."""
    members = folder.glob("runs/*/*/*/*/seed_*/loop_*/fold_*.pth")
    return {path: path.stat().st_mtime_ns for path in members}


@pytest.mark.slow
def test_the_example_run_is_made_once_and_replayed(phantom: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom, tmp_path / "data" / "phantom")

    def replay(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-P", "-m", "benchmark.cli", "replay", *words, "--of", "example"],
            cwd=tmp_path,
            env={key: value for key, value in os.environ.items() if key != "NNACTIVE_DEBUG"},
            capture_output=True,
            text=True,
            check=False,
        )

    made = replay(*example_track().methods, "--json")
    assert made.returncode == 0, made.stderr
    assert "making a tiny run to replay" in made.stderr
    row, own = json.loads(made.stdout)["rows"]
    assert row["patches"] == own["patches"]
    assert row["overlaps"] == [1.0, 1.0]
    members = stamps(tmp_path)
    assert len(members) == 4
    assert all(FOLDER in path.parts for path in members)
    size = sum(path.stat().st_size for path in (tmp_path / "runs").rglob("*") if path.is_file())
    assert size < 10_000_000

    again = replay("random", "bald", "--html", "page.html")
    assert again.returncode == 0, again.stderr
    assert "making" not in again.stderr
    assert "overlap with each other" in again.stdout
    assert (tmp_path / "page.html").read_text("utf-8").count("<article>") == 24
    assert members == stamps(tmp_path)

"""A tiny run whose queries, predictions and uncertainty are shown."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnactive.data.prepared import PreparedDataset

TRACK = Path(__file__).with_name("tiny.yaml")
METHOD = "predictive_entropy"


def call(folder: Path, *arguments: str) -> str:
    words = [sys.executable, "-P", "-m", "benchmark.cli", *arguments]
    places = ["--data", "data", "--runs", "runs"]
    done = subprocess.run(
        [*words, *places], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_finished_run_is_shown(phantom: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom, tmp_path / "data" / "phantom")
    info = PreparedDataset(phantom).info
    case = info.test[0].id
    run = ["track", "run", str(TRACK), "--method", METHOD, "--cores", "2", "--out", "board.html"]
    call(tmp_path, *run, "--keep-predictions", case)
    kept = tmp_path.glob(f"runs/tiny/tiny/*/seed_12345/loop_*/predictions/{case}.b2nd")
    assert [file.parents[1].name for file in sorted(kept, key=str)] == ["loop_001", "loop_000"]
    for member in tmp_path.glob(f"runs/tiny/tiny/{METHOD}/**/fold_*.pth"):
        member.unlink()  # as in a large run; that it kept is enough

    query = tmp_path / f"runs/tiny/tiny/{METHOD}/seed_12345/loop_001.json"
    chosen = json.loads(query.read_text())["patches"][0]["case"]
    for words in (
        ["queries", METHOD],
        ["predictions", METHOD, "--case", case],
        ["uncertainty", METHOD, "--case", chosen, "--loop", "1"],
    ):
        out = f"{words[0]}.html"
        told = call(tmp_path, "show", *words, "--out", out)
        assert told.splitlines() == [f"page: {out}", f"pictures: {words[0]}_files"]
        assert "<script" not in (tmp_path / out).read_text("utf-8")
        sheets = list((tmp_path / f"{words[0]}_files").glob("*.png"))
        assert sheets
        for sheet in sheets:
            assert np.asarray(Image.open(sheet)).std() > 20

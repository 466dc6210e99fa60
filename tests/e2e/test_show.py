"""The queries, predictions and uncertainty of a tiny run are shown."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.cli.main import main
from nnactive.data.prepared import PreparedDataset

METHOD = "predictive_entropy"


@pytest.mark.slow
def test_a_finished_run_is_shown(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(finished, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    case = PreparedDataset(tmp_path / "data" / "phantom").info.test[0].id
    track = tmp_path / "runs/tiny/tiny"
    for loop in ("start/seed_12345/loop_000", f"{METHOD}/seed_12345/loop_001"):
        assert (track / loop / "predictions" / f"{case}.b2nd").is_file()
    for member in track.glob(f"{METHOD}/**/fold_*.pth"):
        member.unlink()  # as in a large run; that it kept is enough

    query = track / f"{METHOD}/seed_12345/loop_001.json"
    chosen = json.loads(query.read_text())["patches"][0]["case"]
    for words in (
        ["queries", METHOD],
        ["predictions", METHOD, "--case", case],
        ["uncertainty", METHOD, "--case", chosen, "--loop", "1"],
    ):
        out = f"{words[0]}.html"
        places = ["--data", "data", "--runs", "runs", "--out", out]
        assert main(["show", *words, *places]) == 0
        told = capsys.readouterr().out.splitlines()
        assert told == [f"page: {out}", f"pictures: {words[0]}_files"]
        assert "<script" not in (tmp_path / out).read_text("utf-8")
        sheets = list((tmp_path / f"{words[0]}_files").glob("*.png"))
        assert sheets
        for sheet in sheets:
            assert np.asarray(Image.open(sheet)).std() > 20

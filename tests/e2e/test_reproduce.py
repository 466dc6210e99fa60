"""A bundle of a real, tiny run: replayed and re-run in another folder, and forged ones found."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.bundles.reproduce.spread import SpreadRow, key_of, write_table
from benchmark.bundles.write import write_bundle
from benchmark.tracks import Track, load_track

TINY = Path(__file__).with_name("tiny.yaml")
EXPERIMENT = Path("tiny/tiny/bald/seed_12345")
SD = 0.12
"""Invented: six iterations teach nothing, so any Dice below a third of the scale is chance."""


def bench(folder: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "benchmark.cli", *map(str, words)],
        cwd=folder,
        env={key: value for key, value in os.environ.items() if not key.startswith("NNACTIVE_")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def author(finished: Path) -> Path:
    """Folder of somebody who has run a method and kept its networks."""
    return finished


@pytest.fixture
def track() -> Track:
    return load_track(str(TINY))


@pytest.fixture
def other(phantom: Path, tmp_path: Path, track: Track) -> Path:
    """Folder of somebody else, with a table of spreads of his own."""
    shutil.copytree(phantom, tmp_path / "other" / "data" / "phantom")
    content = {
        **key_of(track.settings[0]),
        "n": 30,
        "mean_dice": 0.1,
        "sd": SD,
        "max_difference": 0.2,
        "queries": "invented",
        "device": "none",
        "date": "2026-11-30",
    }
    rows = [SpreadRow.model_validate(content | {"patches": count}) for count in (8, 12)]
    write_table(tmp_path / "other" / "spread.csv", rows)
    return tmp_path / "other"


@pytest.fixture
def forged(author: Path, tmp_path: Path) -> Path:
    """A copy of the author's track folder, to be changed before it is bundled."""
    shutil.copytree(author / "runs" / "tiny", tmp_path / "tiny", symlinks=True)
    return tmp_path / "tiny"


def attested(folder: Path, level: str) -> dict:
    (file,) = folder.glob(f"{level}-*.json")
    return json.loads(file.read_text())


def untouched(result: dict) -> str:
    """A case of the pool in which nothing is labelled."""
    labelled = {case for loop in result["loops"] for case in loop["patches"]["case"]}
    return min(result["dataset"]["pool_shapes"].keys() - labelled)


@pytest.mark.slow
def test_a_bundle_is_replayed_and_rerun_elsewhere(author, other, track, tmp_path) -> None:
    record = write_bundle(author / "runs" / "tiny", track, "bald", tmp_path / "b.zip")
    words = ["reproduce", tmp_path / "b.zip", "--queries", "--method", "--table", "spread.csv"]
    words += ["--models", author / "runs" / "tiny", "--by", "A reader", "--out", "said"]
    done = bench(other, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 trainings, in " in done.stderr
    assert done.stdout.count("agrees") == 2 + 1 + 1
    for level in ("replayed", "re-run"):
        said = attested(other / "said", level)
        assert (said["bundle"], said["level"], said["by"]) == (record.digest, level, "A reader")
        assert [each["agrees"] for each in said["repeated"]] == [True]
    assert not list((other / "runs" / ".replays").rglob("*.py"))  # a built-in method's

    fresh = bench(other, "reproduce", tmp_path / "b.zip", "--method")
    assert fresh.returncode == 2
    assert "not judged" in fresh.stdout
    assert "name the author's run with --models" in fresh.stderr


@pytest.mark.slow
def test_raised_dice_are_found_by_training_again(other, forged, track, tmp_path) -> None:
    file = forged.parent / EXPERIMENT / "result.json"
    content = json.loads(file.read_text())
    for loop in content["loops"]:  # a careful forger says nothing that counts could contradict
        loop |= {"surfaces": None, "calibration": None}
    counts = content["loops"][1]["counts"]
    for hits, misses in zip(counts["true_positives"], counts["false_negatives"], strict=True):
        for case, missed in enumerate(misses):  # the reference stays what it is
            hits[case], misses[case] = hits[case] + missed, 0
    counts["false_positives"] = [[0] * len(row) for row in counts["false_positives"]]
    file.write_text(json.dumps(content))
    write_bundle(forged, track, "bald", tmp_path / "b")
    words = ["reproduce", tmp_path / "b", "--queries", "--table", "spread.csv", "--loop", 1]
    done = bench(other, *words, "--by", "A reader", "--out", "said")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "differs" in done.stdout
    (said,) = attested(other / "said", "replayed")["repeated"]
    assert not said["agrees"]
    assert said["difference"] > said["allowed"]

    unknown = bench(other, *words[:3], "--loop", 1, "--by", "A reader", "--out", "nothing")
    assert unknown.returncode == 2
    assert "not judged" in unknown.stdout
    assert "no spread known" in unknown.stderr
    assert not (other / "nothing").exists()


@pytest.mark.slow
def test_changed_queries_are_found_by_querying_again(
    author, other, forged, track, tmp_path
) -> None:
    folder = forged.parent / EXPERIMENT
    query = json.loads((folder / "loop_001.json").read_text())
    result = json.loads((folder / "result.json").read_text())
    query["patches"][0] |= {"case": untouched(result), "start": [0, 0, 0]}
    columns = result["loops"][1]["patches"]
    columns["case"][0] = untouched(result)
    for axis in range(3):
        columns["start"][axis][0] = 0
    (folder / "loop_001.json").write_text(json.dumps(query))
    (folder / "result.json").write_text(json.dumps(result))
    write_bundle(forged, track, "bald", tmp_path / "b")
    models = author / "runs" / "tiny"
    done = bench(other, "reproduce", tmp_path / "b", "--method", "--models", models)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "differs" in done.stdout

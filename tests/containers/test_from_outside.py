"""``--runtime``: the same commands from outside, by Docker's SDK and Apptainer's command line."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from engines import call

HERE = Path(__file__).parent
PIN = "roman-numerals==4.1.0"
"""One pure Python file that nothing in the lock needs."""
METHOD = '''"""A method that needs a package beyond the benchmark's own."""

import roman_numerals

from nnactive.methods import Prediction, QueryMethod


class Roman(QueryMethod):
    """Least confidence; its name has a numeral."""

    name = f"roman {roman_numerals.RomanNumeral(7)}"

    def score(self, prediction: Prediction):
        return 1 - prediction.mean.amax(dim=0)
'''


@pytest.fixture(params=["docker", "apptainer"])
def outside(request, common, tmp_path):
    """Calls ``nnactive-bench`` in a folder of its own with ``--runtime``; ends with Done."""
    if request.param == "docker":
        image = request.getfixturevalue("docker").image
        if not os.environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
            pytest.skip("no Docker engine to talk to; set DOCKER_HOST")
    else:
        image = str(request.getfixturevalue("apptainer").sif)
    folder = common / tmp_path.name
    folder.mkdir()

    def run(*arguments: str):
        command = [sys.executable, "-P", "-m", "benchmark.cli", *arguments]
        return call([*command, "--runtime", request.param, "--image", image], cwd=folder, env=env())

    run.folder, run.runtime = folder, request.param
    return run


def env() -> dict[str, str]:
    """Apptainer runs in a user namespace of its own, and builds layers as a fake root, fast."""
    flags = "--fakeroot --mksquashfs-args '-comp zstd -Xcompression-level 1'"
    return {**os.environ, "APPTAINER_USERNS": "1", "NNACTIVE_BUILD_FLAGS": flags}


def test_doctor(outside):
    done = outside("doctor")
    assert done.status == 0, done.out + done.err
    rows = {line.split("  ")[0]: line for line in done.out.splitlines()}
    assert " ok " in rows["versions"]
    assert "sha256:" in rows["image"]


def test_a_run_records_the_image(outside):
    shutil.copy(HERE / "one_loop.yaml", outside.folder)
    done = outside("track", "run", "one_loop.yaml")
    assert done.status == 0, done.err
    result = json.loads(next((outside.folder / "runs").rglob("result.json")).read_text())
    image = result["environment"]["image"]
    assert image["digest"].startswith("sha256:")
    assert len(image["digest"]) == len("sha256:") + 64
    assert image["base"] is None
    page = outside.folder / "leaderboard.html"
    assert page.stat().st_uid == os.getuid()
    again = outside("track", "run", "one_loop.yaml")
    assert again.status == 0, again.err
    assert "[1/" not in again.err


def two_loops(name: str, more: str = "") -> str:
    """A track file: that of one loop with another, and what its setting says besides."""
    text = (HERE / "one_loop.yaml").read_text().replace("name: one_loop", f"name: {name}", 1)
    return f"{text.replace('loops: 1', 'loops: 2').rstrip()}\n{more}"


def test_a_run_is_shown_and_its_queries_are_trained_on_again(outside):
    (outside.folder / "first.yaml").write_text(two_loops("first"))
    (outside.folder / "again.yaml").write_text(two_loops("again", "    queries: {track: first}\n"))
    without = outside("track", "run", "again.yaml")
    assert without.status == 2
    assert "track again trains on the queries of track first" in without.err
    for name in ("first", "again"):
        done = outside("track", "run", f"{name}.yaml")
        assert done.status == 0, done.err
    files = [
        outside.folder / "runs" / name / "one_loop/random/seed_12345/result.json"
        for name in ("first", "again")
    ]
    first, again = (json.loads(file.read_text())["loops"] for file in files)
    assert [loop["patches"] for loop in again] == [loop["patches"] for loop in first]
    assert again[1]["chosen_in"]["track"] == "first"
    assert {"take"} == set(again[1]["costs"]) & {"take", "query"}

    shown = outside("show", "queries", "again/one_loop/random", "--out", "queries.html")
    assert shown.status == 0, shown.err
    assert shown.out.splitlines() == ["page: queries.html", "pictures: queries_files"]
    assert (outside.folder / "queries.html").stat().st_uid == os.getuid()
    sheets = {path.name for path in (outside.folder / "queries_files").glob("*.png")}
    assert sheets == {"loop_000.png", "loop_001.png", "overview.png"}
    for name in sheets:
        sheet = (outside.folder / "queries_files" / name).read_bytes()
        assert sheet.startswith(b"\x89PNG")


def test_wrong_use_is_one_line(outside):
    done = outside("check", "random", "--memory", "nonsense")
    assert done.status == 2
    assert "memory" in done.err
    done = outside("submit", "random", "--runs", "/proc/runs")
    assert done.status == 2
    assert done.err.count("error: ") == 1


def test_a_layer_with_what_a_submission_needs(outside):
    mine = outside.folder / "mine"
    mine.mkdir()
    (mine / "roman.py").write_text(METHOD)
    (mine / "submission.yaml").write_text(f"requirements:\n  - {PIN}\n")
    done = outside("check", "mine/roman.py:Roman", "--layer")
    assert done.status == 0, done.out + done.err
    assert "FAILED" not in done.out
    missing = outside("check", "mine/roman.py:Roman")
    assert missing.status == 2
    assert PIN in missing.err
    (mine / "submission.yaml").write_text("requirements:\n  - numpy==1.26.0\n")
    changed = outside("check", "mine/roman.py:Roman", "--layer")
    assert changed.status == 2
    assert changed.err.count("error: ") == 1
    assert "numpy==1.26.0" in changed.err

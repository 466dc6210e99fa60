"""A track in an image gives what it gives outside, in everything but time and environment.

Trainings of a reduced-cost track are seeded (protocol section 3).
"""

import json
import os
import sys
from pathlib import Path

import pytest
import yaml
from engines import call

from benchmark.tracks import load_track

HERE = Path(__file__).parent
TRACK = HERE / "short_demo.yaml"
OTHER = ("environment", "finished", "started", "command")
WALLS = {"bubblewrap", "landlock"}


def results(folder: Path) -> dict[str, dict]:
    """Results by experiment, without what may differ: where, when and how fast they were made."""
    found = {}
    for file in sorted(folder.glob("short_demo/*/*/seed_*/result.json")):
        content = {
            key: value for key, value in json.loads(file.read_text()).items() if key not in OTHER
        }
        for loop in content["loops"]:
            assert set(loop.pop("costs")) >= {"annotate", "evaluate"}
            assert loop.pop("isolation") in (WALLS if loop["loop"] else {"trusted"})
        found[str(file.relative_to(folder))] = content
    return found


@pytest.fixture(scope="session")
def outside(common) -> dict[str, dict]:
    """The same run by this checkout, without a container."""
    folder = common / "outside"
    folder.mkdir()
    command = [sys.executable, "-m", "benchmark.cli", "track", "run", str(TRACK)]
    places = ["--runs", "runs", "--data", "data", "--out", "page.html"]
    packages = str(HERE.parents[1])
    # As clean as inside: which kernels OpenBLAS takes may be set out here.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": packages}
    done = call([*command, *places], cwd=folder, env=env)
    assert done.status == 0, done.err
    return results(folder / "runs")


def test_the_track_is_the_demo_but_for_its_length():
    short, demo = (
        yaml.safe_load(file.read_text())
        for file in (TRACK, HERE.parents[1] / "benchmark/tracks/demo.yaml")
    )
    assert short["settings"] == [{**demo["settings"][0], "loops": 2}]
    assert set(short["methods"]) < set(demo["methods"])
    assert set(short["seeds"]) < set(demo["seeds"])
    assert load_track(str(TRACK)).name == "short_demo"


def test_results_equal_those_outside(runtime, mounts, outside):
    inside = {**mounts, "/track.yaml:ro": TRACK}
    done = runtime.run("track", "run", "/track.yaml", mounts=inside)
    assert done.status == 0, done.err
    assert "CPU" in done.err or "GPU" in done.err
    found = results(mounts["/results"])
    assert len(found) == 2
    assert found == outside
    assert (mounts["/results"] / "leaderboard.html").stat().st_size > 100_000
    environment = json.loads(next(mounts["/results"].rglob("result.json")).read_text())[
        "environment"
    ]
    assert environment["image"]["variant"] in {"cuda13", "cuda12"}
    assert environment["commit"] != "unknown"

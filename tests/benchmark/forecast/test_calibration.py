"""Calibrating: with a stand-in for the process that measures, and once with the real one."""

import json
import sys
import time
from pathlib import Path

import pytest

from benchmark.forecast.calibration.measured import Calibration, stored
from benchmark.forecast.calibration.run import Machine, calibrate
from nnactive.errors import NnactiveError
from tests.benchmark.forecast.made import make_facts, make_setting, make_track

STAND_IN = """
import json, os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
asked = json.loads((folder / "asked.json").read_text())
log = pathlib.Path(os.environ["STAND_IN_CALLS"])
with log.open("a") as file:
    call = [asked["dataset"], os.environ["OMP_NUM_THREADS"], asked["predict"]]
    file.write(json.dumps(call) + "\\n")
with (folder / "stages.txt").open("a") as file:
    file.write("some iterations\\n")
if os.environ.get("STAND_IN_FAILS"):
    sys.exit("error: no kernel for this device")
(folder / "ready").write_text("")
while not (folder / "go").exists():
    time.sleep(0.01)
beside = len(list(folder.parent.iterdir()))
speed = json.loads(os.environ.get("STAND_IN_SPEED", "{}")).get(str(beside), 1.0)
answer = dict(torch="2.9", setup_seconds=3, iteration_seconds=beside / speed, load_seconds=2,
              tile_seconds=0.5, memory_gib=1.5, device_memory_gib=8.0 if asked["gpu"] else None)
(folder / "answer.json").write_text(json.dumps(answer))
"""
"""A STAND-IN for the measuring process: it computes nothing."""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its file; the calls that it gets are in calls.txt beside it."""
    file = tmp_path / "stand_in.py"
    file.write_text(STAND_IN)
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    return file


def machine(file: Path, *, gpu: bool = False, gib: float | None = None) -> Machine:
    return Machine(
        gpu=gpu,
        device="H200" if gpu else "EPYC",
        device_gib=gib,
        cores=8,
        threads=4,
        command=(sys.executable, str(file)),
    )


def run(tmp_path: Path, on: Machine, *settings) -> tuple[list[Calibration], list[str], list]:
    told: list[str] = []
    track = make_track(*settings)
    folders = {"phantom": tmp_path / "none"}
    found = calibrate(track, folders, tmp_path / "runs", on, told.append)
    calls = (tmp_path / "calls.txt").read_text().splitlines()
    return found, told, [json.loads(call) for call in calls]


def test_each_network_is_measured_once_and_stored(tmp_path: Path, stand_in: Path) -> None:
    narrow = make_setting("narrow", base_features=4)
    settings = (make_setting(), make_setting("same", epochs=9), narrow)
    found, told, calls = run(tmp_path, machine(stand_in), *settings)
    facts = make_facts()
    assert [each.network for each in found] == [
        facts.network(make_setting()).key,
        facts.network(narrow).key,
    ]
    # Two trainings at a time, as a run has them on eight cores, each with four threads.
    assert calls == [["phantom", "4", True]] * 4
    assert found[0].iteration_seconds == 2.0
    assert list(stored(tmp_path / "runs", "EPYC")) == sorted(found, key=lambda each: each.network)
    assert "calibrating phantom (1 of 2): 24 x 24 x 24 voxels, batch 2" in told
    assert any(line.startswith("calibrating phantom (2 of 2, about ") for line in told)


def test_trainings_are_added_to_a_gpu_while_it_pays(
    tmp_path: Path, stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_SPEED", json.dumps({"1": 1.0, "2": 1.8, "3": 1.81}))
    on = machine(stand_in, gpu=True, gib=100)
    (found,), told, calls = run(tmp_path, on, make_setting(folds=5))
    assert [side.count for side in found.sides] == [1, 2, 3]
    assert found.folds_per_gpu == 2
    assert found.slowdown(2) == pytest.approx(2 / 1.8)
    assert "3 trainings side by side" in told
    assert [call[2] for call in calls] == [True] + [False] * 5


def test_trainings_that_do_not_fit_are_not_tried(tmp_path: Path, stand_in: Path) -> None:
    (found,), _, calls = run(tmp_path, machine(stand_in, gpu=True, gib=17), make_setting())
    assert len(calls) == 1
    assert found.folds_per_gpu == 1


def test_a_process_that_fails_is_named_at_once(
    tmp_path: Path, stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    begin = time.monotonic()
    said = "phantom: the calibration failed: no kernel for this device; plan without --calibrate"
    with pytest.raises(NnactiveError, match=said):
        run(tmp_path, machine(stand_in))
    assert time.monotonic() - begin < 30
    assert not list(stored(tmp_path / "runs", "EPYC"))


@pytest.mark.slow
def test_the_real_trainer_and_ensemble_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.forecast.calibration.run.SECONDS", 0.5)
    on = Machine(gpu=False, device="EPYC", device_gib=None, cores=1, threads=1)
    told: list[str] = []
    track = make_track(make_setting(base_features=4, batch_size=2))
    (found,) = calibrate(track, {"phantom": tmp_path}, tmp_path / "runs", on, told.append)
    assert 0 < found.iteration_seconds < 10
    assert 0 < found.tile_seconds < 10
    assert found.setup_seconds > 0
    assert 0.2 < found.memory_gib < 4
    assert found.device_memory_gib is None
    assert any("iterations of about" in line for line in told)

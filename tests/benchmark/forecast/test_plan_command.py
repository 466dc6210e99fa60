"""``nnactive-bench plan``: what it says, on tracks whose data aren't there and on made-up runs."""

import json
from pathlib import Path

import pytest

import benchmark.machine.gpus
from benchmark.cli.main import main
from benchmark.forecast.calibration.measured import Calibration, calibration_file
from benchmark.forecast.facts import facts_of
from benchmark.layout import Experiment
from benchmark.machine.gpus import Gpu
from benchmark.provenance import cpu_name
from benchmark.tracks import load_track
from nnactive.data.cards import load_card
from nnactive.io.files import write_model
from tests.benchmark.forecast.made import record

DEMO = load_track("demo").settings[0]


def planned(tmp_path: Path, capsys, *words: str) -> dict:
    places = ["--data", str(tmp_path / "data"), "--runs", str(tmp_path / "runs")]
    assert main(["plan", *words, *places, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def calibrated(runs: Path, network: str = "") -> Calibration:
    found = Calibration(
        device=cpu_name(),
        gpu=False,
        torch="2",
        network=network,
        threads=1,
        setup_seconds=3.0,
        iteration_seconds=2.0,
        load_seconds=2.0,
        tile_seconds=0.25,
        memory_gib=1.0,
    )
    made = facts_of(Path("none"), load_card("phantom")).network(DEMO)
    found = found.model_copy(update={"network": made.key})
    write_model(calibration_file(runs, found.device, found.torch, made), found)
    return found


def test_the_demo_before_anything_is_there(tmp_path: Path, capsys) -> None:
    made = planned(tmp_path, capsys, "demo", "--gpus", "0", "--cores", "2")
    everything = made["costs"]["all"]
    assert (everything["experiments"], everything["finished"]) == (8, 0)
    assert everything["trainings"] == 36
    assert "left" not in made["costs"]
    assert made["costs"]["new_method"]["trainings"] == 8
    assert made["costs"]["new_method_and_loop_0"]["trainings"] == 12
    assert 60 < everything["wall_seconds"] < 900
    assert made["estimated_datasets"] == ["phantom"]
    assert everything["steps"]["train_fold"]["needs"]["gpu_memory_gib"] == 0
    assert not (tmp_path / "runs").exists()


def test_what_is_finished_is_not_counted(tmp_path: Path, capsys) -> None:
    root = tmp_path / "runs" / "demo"
    seconds = {"train_fold": 100.0}
    record(root, Experiment(DEMO.name, "random", 12345), DEMO, seconds)
    made = planned(tmp_path, capsys, "demo", "--gpus", "0", "--cores", "2")
    left = made["costs"]["left"]
    assert (left["finished"], left["experiments"], left["trainings"]) == (1, 8, 30)
    assert made["costs"]["all"]["trainings"] == 36
    assert left["sources"]["recorded"] > 0.9
    assert left["gpu_hours"] == 0, "there is none"
    assert left["core_hours"] > 30 * 100 / 3600


def test_methods_of_ones_own(tmp_path: Path, capsys) -> None:
    words = ("demo", "--gpus", "0", "--method", "bald", "--method", "power_bald,beta=1|5")
    made = planned(tmp_path, capsys, *words)
    assert made["costs"]["all"]["experiments"] == 6


def test_a_part_of_a_track_that_compares_starts(tmp_path: Path, capsys) -> None:
    made = planned(tmp_path, capsys, "coldstart_demo", "--gpus", "0")
    assert made["costs"]["all"]["trainings"] == load_track("coldstart_demo").trainings
    assert "new_start" in made["costs"]


def test_more_gpus_than_there_are(tmp_path: Path, capsys) -> None:
    four = planned(tmp_path, capsys, "main", "--gpus", "4", "--regime", "low")
    eight = planned(tmp_path, capsys, "main", "--gpus", "8", "--regime", "low")
    assert (eight["device"], eight["cores"] >= 64) == ("A100", True)
    times = [made["costs"]["all"]["wall_seconds"] for made in (four, eight)]
    assert times[1] < 0.6 * times[0]
    assert eight["costs"]["all"]["sources"]["counted"] > 0.9


def test_a_stored_calibration_is_used(tmp_path: Path, capsys) -> None:
    before = planned(tmp_path, capsys, "demo", "--gpus", "0")
    calibrated(tmp_path / "runs")
    after = planned(tmp_path, capsys, "demo", "--gpus", "0")
    assert after["costs"]["all"]["sources"]["calibrated"] > 0.8
    assert after["costs"]["all"]["wall_seconds"] > 3 * before["costs"]["all"]["wall_seconds"]


def test_what_people_read(tmp_path: Path, capsys) -> None:
    places = ["--data", str(tmp_path), "--runs", str(tmp_path)]
    assert main(["plan", "full", "--gpus", "8", *places]) == 0
    told = capsys.readouterr().out
    assert "full, on 8 GPUs (A100) and" in told
    assert "finished: 0 of 864 experiments" in told
    assert "17,760" in told
    assert "reference: an A100" in told
    assert "not prepared, so their sizes are estimated: acdc, amos, kits, hippocampus" in told
    assert max(len(line.rstrip()) for line in told.splitlines()) <= 80
    assert "…" not in told
    assert " 0%" not in told


@pytest.mark.parametrize("text", ["0", "-1", "two"])
def test_a_wrong_number_of_folds_is_refused(tmp_path: Path, capsys, text: str) -> None:
    places = ["--data", str(tmp_path), "--runs", str(tmp_path)]
    assert main(["plan", "demo", f"--folds-per-gpu={text}", *places]) == 2
    assert "write a number from 1, or auto" in capsys.readouterr().err


def test_auto_without_a_calibration_is_one(tmp_path: Path, capsys) -> None:
    made = planned(tmp_path, capsys, "demo", "--gpus", "1", "--folds-per-gpu", "auto")
    assert made["folds_per_gpu"] == 1


def test_gpus_of_another_machine_cannot_be_calibrated(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (Gpu("0", 0, None, "H200", 1 << 37),)
    monkeypatch.setattr(benchmark.machine.gpus, "usable_gpus", lambda: there)
    assert planned(tmp_path, capsys, "demo")["device"] == "H200"
    places = ["--data", str(tmp_path), "--runs", str(tmp_path)]
    assert main(["plan", "demo", "--gpus", "2", "--calibrate", *places]) == 2
    assert "fewer than 2 GPUs" in capsys.readouterr().err

"""Where durations come from: made-up records, calibrations and facts."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.forecast.calibration.measured import (
    Calibration,
    Side,
    best_count,
    calibration_file,
    stored,
)
from benchmark.forecast.durations import A100, Durations, Source
from benchmark.forecast.graph import Entered
from benchmark.forecast.inputs import folds_per_gpu, gather
from benchmark.forecast.network.counts import iteration_operations
from benchmark.forecast.records import Sample, likeness, read_records, start_seconds
from benchmark.journal.events import Event, append
from benchmark.layout import Experiment
from benchmark.steps import ANNOTATE, EVALUATE, QUERY, TRAIN_FOLD
from nnactive.io.costs import cost_file, read_cost
from nnactive.io.files import write_json, write_model, write_text
from tests.benchmark.forecast.made import (
    TWO_CORES,
    TWO_GPUS,
    make_facts,
    make_setting,
    make_track,
    record,
)

SECONDS = {"train_fold": 30.0, "evaluate": 5.0, "query": 7.0, "annotate": 0.5}
BALD = Entered("bald")
RANDOM = Entered("random", networks=False)


def recorded(root: Path, **options):
    return read_records(root, **({"gpu": False, "device": "EPYC"} | options))


def calibration(**changes) -> Calibration:
    fields = {
        "device": "EPYC",
        "gpu": False,
        "torch": "2",
        "network": make_facts().network(make_setting()).key,
        "threads": 1,
        "setup_seconds": 3.0,
        "iteration_seconds": 0.5,
        "load_seconds": 2.0,
        "tile_seconds": 0.25,
        "memory_gib": 1.0,
    }
    return Calibration(**(fields | changes))


def made(**options) -> Durations:
    usual = {"facts": {"phantom": make_facts()}, "gpu": False, "threads": 1, "start": 1.0}
    return Durations(**(usual | options))


def test_recorded_durations_come_first(tmp_path: Path) -> None:
    setting = make_setting()
    record(tmp_path / "toy", Experiment("s", "bald", 1), setting, SECONDS)
    known = {setting.training: calibration()}
    durations = made(records=recorded(tmp_path), calibrations=known)
    for step in (TRAIN_FOLD, EVALUATE, QUERY, ANNOTATE):
        found = durations.of(step, setting, BALD)
        assert found.source is Source.RECORDED
        assert found.seconds == 1.0 + SECONDS[step.name]


def test_another_setting_of_the_same_trainings_counts(tmp_path: Path) -> None:
    record(tmp_path / "toy", Experiment("s", "bald", 1), make_setting(), SECONDS)
    durations = made(records=recorded(tmp_path))
    other = make_setting("other").model_copy(update={"regime": "high", "query_size": 2})
    assert durations.of(TRAIN_FOLD, other, BALD).source is Source.RECORDED
    longer = make_setting("longer", epochs=8)
    assert durations.of(TRAIN_FOLD, longer, BALD).source is Source.COUNTED


def test_a_new_method_queries_as_long_as_the_slowest_known_one(tmp_path: Path) -> None:
    setting = make_setting()
    record(tmp_path / "toy", Experiment("s", "bald", 1), setting, SECONDS | {"query": 20.0})
    record(tmp_path / "toy", Experiment("s", "random", 1), setting, SECONDS | {"query": 0.1})
    durations = made(records=recorded(tmp_path))
    assert durations.of(QUERY, setting, Entered("new")).seconds == 21.0
    assert durations.of(QUERY, setting, RANDOM).seconds == pytest.approx(1.1)


def test_costs_of_other_devices_and_of_taken_trainings_are_left_out(tmp_path: Path) -> None:
    setting, root = make_setting(), tmp_path / "toy"
    experiment = Experiment("s", "bald", 1)
    record(root, experiment, setting, SECONDS)
    assert likeness(TRAIN_FOLD, setting, "bald") not in recorded(tmp_path, gpu=True)
    result = root / "s/bald/seed_1/result.json"
    write_json(result, {"environment": {"cpu": "another", "accelerator": None}})
    assert recorded(tmp_path) == {}
    write_json(result, {"environment": {"cpu": "EPYC", "accelerator": None}})
    for file in root.glob("s/*/*/*/fold_*.pth"):
        cost = read_cost(file).model_copy(update={"taken_from": "elsewhere"})
        write_model(cost_file(file), cost)
    found = recorded(tmp_path)
    assert likeness(TRAIN_FOLD, setting, "bald") not in found
    assert likeness(EVALUATE, setting, "bald") in found


def test_broken_costs_are_left_out(tmp_path: Path) -> None:
    setting, root = make_setting(), tmp_path / "toy"
    record(root, Experiment("s", "bald", 1), setting, SECONDS)
    for file in root.glob("s/*/*/*/fold_*.pth.cost.json"):
        write_text(file, "{")
    assert likeness(TRAIN_FOLD, setting, "bald") not in recorded(tmp_path)


def test_what_jobs_take_beside_their_cost_comes_from_the_journal(tmp_path: Path) -> None:
    root = tmp_path / "toy"
    record(root, Experiment("s", "bald", 1), make_setting(), SECONDS)
    assert start_seconds(tmp_path) is None
    for loop, seconds in enumerate((5.3, 5.4, 9.0)):
        output = f"s/bald/seed_1/loop_{loop:03d}/evaluation.json"
        output = output if loop else "s/start/seed_1/loop_000/evaluation.json"
        append(root, "run", Event(kind="ended", job=output, step="evaluate", seconds=seconds))
    assert start_seconds(tmp_path) == pytest.approx(0.4)


def test_a_calibration_comes_before_counted_operations() -> None:
    setting = make_setting()
    found = calibration()
    durations = made(calibrations={found.network: found})
    trained = durations.of(TRAIN_FOLD, setting, BALD)
    assert (trained.source, trained.seconds) == (Source.CALIBRATED, 1 + 3 + 20 * 0.5)
    passes = 8 * 2 * 8  # cases, members, mirrored
    evaluated = durations.of(EVALUATE, setting, BALD).seconds
    assert evaluated == pytest.approx(1 + 2 + passes * 0.25, rel=0.01)
    assert durations.of(QUERY, setting, RANDOM).source is Source.ASSUMED
    assert made().of(TRAIN_FOLD, setting, BALD).source is Source.COUNTED


def test_counted_operations_are_those_of_the_reference() -> None:
    setting = make_setting(epochs=1000, iterations=1000)
    seconds = made(gpu=True).of(TRAIN_FOLD, setting, BALD).seconds
    operations = iteration_operations(make_facts().network(setting))
    assert seconds == pytest.approx(1e6 * operations / A100, rel=0.05)


def test_a_method_that_looks_back_predicts_more() -> None:
    setting = make_setting(loops=8)
    back = replace(BALD, looks_back=True)
    durations = made()
    assert durations.of(QUERY, setting, back).seconds > durations.of(QUERY, setting, BALD).seconds


def test_trainings_beside_others_take_longer_as_measured() -> None:
    setting = make_setting()
    sides = (
        Side(count=1, iterations_per_second=2.0),
        Side(count=2, iterations_per_second=3.0),
    )
    found = calibration(gpu=True, sides=sides, device_memory_gib=2.0, device_total_gib=80.0)
    alone = made(gpu=True, calibrations={found.network: found})
    both = replace(alone, side_by_side=2)
    single = alone.of(TRAIN_FOLD, setting, BALD).seconds - 1.0
    assert both.of(TRAIN_FOLD, setting, BALD).seconds - 1.0 == pytest.approx(single * 4 / 3)
    assert both.of(EVALUATE, setting, BALD) == alone.of(EVALUATE, setting, BALD)
    sample = Sample(seconds=[30.0])
    known = replace(both, records={likeness(TRAIN_FOLD, setting, "bald"): sample})
    assert known.of(TRAIN_FOLD, setting, BALD).seconds == pytest.approx(1 + 40)


@pytest.mark.parametrize(
    ("speed", "memory", "total", "count"),
    [
        ({1: 10, 2: 19, 3: 27, 4: 27.5}, 2, 80, 3),
        ({1: 10, 2: 19, 3: 27}, 30, 80, 2),
        ({1: 10, 2: 10.2}, 2, 80, 1),
        ({1: 10, 2: 19}, 37, 80, 1),  # no room left beside
        ({1: 10, 2: 19}, None, 80, 1),
        ({1: 10, 2: 19}, 2, None, 1),
        ({}, 2, 80, 1),
    ],
)
def test_trainings_share_a_gpu_where_it_pays_and_fits(speed, memory, total, count) -> None:
    assert best_count(speed, memory, total) == count


def test_a_network_that_is_not_calibrated_shares_no_gpu(tmp_path: Path) -> None:
    sides = [Side(count=n, iterations_per_second=n) for n in (1, 2, 3)]
    found = calibration(
        gpu=True, sides=sides, device_memory_gib=2.0, device_total_gib=80.0, device="H200"
    )
    facts = make_facts()
    network = facts.network(make_setting())
    write_model(calibration_file(tmp_path, "H200", "2", network), found)
    write_text(tmp_path / ".calibration" / "broken.json", "{")
    assert list(stored(tmp_path, "H200")) == [found]
    assert list(stored(tmp_path, "A100")) == []

    def auto(*settings) -> int:
        track = make_track(*settings)
        folder = tmp_path / "none"
        inputs = gather(track, lambda _: folder, tmp_path, TWO_GPUS, device="H200")
        return folds_per_gpu(inputs, track)

    assert auto(make_setting()) == 3
    assert auto(make_setting(), make_setting("narrow", base_features=4)) == 1


def test_what_is_gathered(tmp_path: Path) -> None:
    track = make_track()
    record(tmp_path / "toy", Experiment("s", "bald", 1), track.settings[0], SECONDS)
    inputs = gather(track, lambda _: tmp_path / "none", tmp_path, TWO_CORES, device="EPYC")
    assert inputs.generated == inputs.estimated == ("phantom",)
    assert inputs.durations.of(TRAIN_FOLD, track.settings[0], BALD).source is Source.RECORDED

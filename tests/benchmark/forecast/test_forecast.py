"""Costs of studies, needs of steps and shards, the line on the disk: on made-up facts."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.forecast.durations import Durations, Source
from benchmark.forecast.facts import facts_of
from benchmark.forecast.forecast import Cost, Forecast
from benchmark.forecast.graph import Entered, below
from benchmark.forecast.needs import Needs, overridden, shard_needs, step_needs
from benchmark.forecast.network.counts import (
    GIB,
    iteration_operations,
    member_bytes,
    training_memory,
)
from benchmark.forecast.requests import disk_note, entered_as, forecast_for, told, trainings_per_gpu
from benchmark.layout import Experiment
from benchmark.steps import ANNOTATE, EVALUATE, QUERY, STEPS, TRAIN_FOLD, Resources
from benchmark.submission.spec import describe
from benchmark.tracks import load_track
from nnactive.data.cards import load_card
from nnactive.errors import UserError
from tests.benchmark.forecast.made import (
    ONE_CORE,
    TWO_CORES,
    TWO_GPUS,
    make_facts,
    make_setting,
    make_track,
    record,
)
from tests.benchmark.workflow.toy import make_request
from tests.benchmark.workflow.toy import make_track as toy_track

METHODS = (Entered("random", networks=False), Entered("bald"))


def forecast(resources=ONE_CORE, track=None, **options) -> Forecast:
    gpu = bool(resources.gpus)
    durations = Durations({"phantom": make_facts()}, gpu=gpu, threads=1, start=1.0)
    return Forecast(track or make_track(), durations, resources, **options)


def test_full_takes_the_hours_that_the_reference_is_derived_from() -> None:
    track = load_track("full")
    facts = {name: facts_of(Path("none"), load_card(name)) for name in track.datasets}
    resources = Resources(64, 8, tuple("01234567"))
    made = Forecast(track, Durations(facts, gpu=True, threads=8), resources)
    cost = made.cost(entered_as(describe(name)) for name in track.methods)
    assert cost.trainings == track.trainings == 17_760
    assert cost.gpu_hours == pytest.approx(34_000, rel=0.02)
    assert cost.wall_seconds == pytest.approx(cost.gpu_hours / 8 * 3600, rel=0.1)
    assert cost.sources[Source.COUNTED] > 0.9


def test_the_wall_time_is_simulated_and_not_divided() -> None:
    alone = forecast(ONE_CORE).cost(METHODS)
    many = forecast(Resources(64, 1, ())).cost(METHODS)
    assert alone.wall_seconds == pytest.approx(5 + 3600 * (alone.gpu_hours + alone.core_hours))
    longest = many.wall_seconds
    assert alone.wall_seconds / 64 < longest < alone.wall_seconds / 2


def test_more_gpus_make_it_faster_and_not_cheaper() -> None:
    one = forecast(Resources(16, 8, ("0",))).cost(METHODS)
    two = forecast(TWO_GPUS).cost(METHODS)
    assert two.gpu_hours == pytest.approx(one.gpu_hours)
    assert two.wall_seconds < one.wall_seconds


def test_gpus_that_trainings_share_are_not_counted_twice() -> None:
    plain = forecast(TWO_GPUS).cost(METHODS)
    durations = replace(forecast(TWO_GPUS).durations, side_by_side=2)
    # Nothing was measured, so that two side by side take twice as long.
    shared = Forecast(make_track(), durations, TWO_GPUS).cost(METHODS)
    assert shared.gpu_hours == pytest.approx(plain.gpu_hours, rel=0.2)
    assert shared.peak_disk_gib > plain.peak_disk_gib


def test_a_finished_study_costs_nothing(tmp_path: Path) -> None:
    track = make_track(methods=("bald",), seeds=(1,))
    record(tmp_path, Experiment("s", "bald", 1), track.settings[0], {})
    cost = forecast(track=track).cost(METHODS[1:], below(tmp_path))
    assert (cost.jobs, cost.wall_seconds, cost.peak_disk_gib) == (0, 0, 0)
    assert (cost.finished, cost.experiments) == (1, 1)


def test_a_generated_dataset_is_counted() -> None:
    there, missing = forecast(), forecast(generated=("phantom",))
    assert missing.cost(METHODS).wall_seconds > there.cost(METHODS).wall_seconds
    assert missing.cost(METHODS).disk_gib > there.cost(METHODS).disk_gib


def test_networks_are_kept_or_removed() -> None:
    cost = forecast().cost(METHODS)
    member = member_bytes(make_facts().network(make_setting())) / GIB
    assert cost.kept_disk_gib - cost.disk_gib == pytest.approx(cost.trainings * member)
    assert cost.disk_gib + member < cost.peak_disk_gib < cost.kept_disk_gib + 10 * member


def test_another_network_is_forecast_with_its_own_patch_whether_prepared_or_not() -> None:
    (plain, *_), (other, *_) = load_track("main").settings, load_track("resenc").settings
    card = load_card("acdc")
    unprepared = facts_of(Path("nowhere"), card)
    plans = {"configurations": {"3d_fullres": {"patch_size": [1, 1, 1]}}}  # of the plain network
    for facts in (unprepared, replace(unprepared, plans=plans)):
        residual = facts.network(other)
        assert (residual.patch, residual.batch) == ((20, 256, 224), 3)
        assert residual.blocks == (1, 3, 4, 6, 6, 6)
    usual = unprepared.network(plain)
    assert iteration_operations(residual) > iteration_operations(usual)
    assert residual.key != usual.key


def test_the_most_demanding_job_of_a_step_is_told() -> None:
    steps = {each.step: each for each in forecast(TWO_GPUS).cost(METHODS).steps}
    assert set(steps) == {step for step in STEPS if step.name not in {"prepare", "take"}}
    assert steps[TRAIN_FOLD].needs.gpus == steps[QUERY].needs.gpus == 1
    assert steps[ANNOTATE].needs.gpus == 0


def needs(step, resources=TWO_GPUS, seconds=600.0, **options) -> Needs:
    return step_needs(
        step, make_setting(), make_facts(), resources=resources, seconds=seconds, **options
    )


def test_needs_come_from_the_network_and_the_images() -> None:
    network = make_facts().network(make_setting())
    trained = needs(TRAIN_FOLD)
    assert trained.cores == 8
    assert trained.gpu_memory_gib >= training_memory(network)
    assert trained.minutes == 15
    large = make_facts(test=((400, 400, 400),))
    options = {"resources": TWO_GPUS, "seconds": 600.0}
    more = step_needs(EVALUATE, make_setting(), large, **options)
    assert more.memory_gib > needs(EVALUATE).memory_gib + 1


def test_no_gpu_is_asked_for_where_there_is_none() -> None:
    assert needs(TRAIN_FOLD, TWO_CORES).gpus == 0
    assert needs(TRAIN_FOLD, Resources(1, 8, ())).cores == 1


def test_what_was_recorded_replaces_what_is_counted() -> None:
    found = needs(TRAIN_FOLD, recorded_gib=10.0, recorded_gpu_gib=7.25)
    assert (found.memory_gib, found.gpu_memory_gib) == (15.0, 7.3)


def test_a_profile_overrides_needs() -> None:
    found = needs(TRAIN_FOLD, overrides={"train_fold": {"memory_gib": 64, "cores": 4}})
    assert (found.memory_gib, found.cores, found.minutes) == (64, 4, 15)
    assert needs(QUERY, overrides={"train_fold": {"cores": 4}}) == needs(QUERY)


@pytest.mark.parametrize(
    ("values", "said"),
    [({"ram": 3}, "unknown need 'ram'"), ({"cores": -1}, "from 0"), ({"minutes": True}, "from 0")],
)
def test_a_wrong_override_is_named(values, said) -> None:
    with pytest.raises(UserError, match=said):
        overridden(needs(QUERY), values, "query")


def test_a_shard_needs_the_most_of_its_steps_and_the_time_of_all() -> None:
    parts = [needs(TRAIN_FOLD), needs(TRAIN_FOLD), needs(EVALUATE)]
    found = shard_needs(parts, seconds=7200)
    assert found.memory_gib == max(part.memory_gib for part in parts)
    assert found.gpus == 1
    assert found.minutes == 180
    assert found.disk_gib == pytest.approx(sum(part.disk_gib for part in parts))
    assert shard_needs(parts, 7200, {"minutes": 60}).minutes == 60


def test_a_run_says_what_it_needs_of_the_disk(tmp_path: Path) -> None:
    request = make_request(tmp_path, toy_track(methods=("random", "bald")))
    note = disk_note(request)
    assert note is not None
    assert note.startswith("disk: at most ")
    assert "are free" in note


def test_a_finished_run_says_nothing_of_the_disk(tmp_path: Path) -> None:
    track = toy_track()
    request = make_request(tmp_path, track)
    record(request.root, Experiment("s", "random", 1), track.settings[0], {})
    assert disk_note(request) is None


def test_a_run_without_calibrations_shares_no_gpu(tmp_path: Path) -> None:
    request = make_request(tmp_path, toy_track())
    assert trainings_per_gpu(request, "auto") == 1
    assert trainings_per_gpu(request, "3") == 3
    with pytest.raises(UserError, match="--folds-per-gpu none: write a number from 1, or auto"):
        trainings_per_gpu(request, "none")


def test_a_full_disk_is_warned_of() -> None:
    cost: Cost = forecast().cost(METHODS)
    enough = told(cost, int(2 * cost.peak_disk_gib * GIB), Path("runs"))
    assert enough.startswith("disk: ")
    little = told(cost, int(cost.peak_disk_gib * GIB) - 1, Path("runs"))
    assert little.startswith("warning: runs: needs at most ")
    assert told(cost, int(cost.peak_disk_gib * GIB) + 1, Path("runs")).startswith("disk: ")


def test_kept_networks_count_at_the_end() -> None:
    cost = forecast().cost(METHODS)
    assert told(cost, 1 << 50, Path("runs"), keep=True) != told(cost, 1 << 50, Path("runs"))


def test_parts_of_a_track_need_the_time_of_their_loops() -> None:
    made, setting = forecast(TWO_GPUS), make_setting(epochs=2000, iterations=250)
    start = made.part(setting, METHODS[1:], range(1))
    one, later = (
        made.part(setting, METHODS[1:], range(1, 2)),
        made.part(setting, METHODS[1:], LATER),
    )
    component = made.part(setting, METHODS)
    assert start.gpus == later.gpus == 1
    assert 1.5 * one.minutes < later.minutes < 2.2 * one.minutes
    assert later.minutes < component.minutes
    assert start.cores == 16
    assert made.part(setting, METHODS[1:], LATER, {"minutes": 60}).minutes == 60


LATER = range(1, 3)


def test_a_request_is_forecast_with_records_of_any_device(tmp_path: Path) -> None:
    track = toy_track()
    request = make_request(tmp_path, track)
    setting = track.settings[0]
    record(request.runs / "other", Experiment("s", "random", 1), setting, {"train_fold": 6000.0})
    made = forecast_for(request, TWO_CORES)
    assert made.part(setting, METHODS[:1], range(1)).minutes > 100

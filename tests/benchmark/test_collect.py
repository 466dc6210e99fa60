import os
from datetime import UTC, datetime

import pytest
from quality_standins import made_up_calibration, made_up_surfaces

from benchmark import layout
from benchmark.collect import collect, full_data_dice
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.provenance import COMMAND, code_files, code_hash
from benchmark.results import Counts, Failure
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze
from benchmark.tracks import Track, load_track
from nnactive.data.cards import load_card
from nnactive.data.prepared import CaseInfo, PreparedInfo
from nnactive.effort import Effort, Work
from nnactive.io.costs import Cost, cost_file
from nnactive.io.files import read_model, write_model
from nnactive.io.queries import PatchRecord, Query, load_query, save_query
from nnactive.settings import Setting
from nnactive.steps.annotate import Labelled, labelled_file
from nnactive.steps.evaluate import Evaluation

SETTING = Setting(
    name="s",
    dataset="acdc",
    regime="low",
    patch_size=(4, 4, 4),
    starting_budget=1,
    query_size=1,
    loops=2,
)
EXPERIMENT = Experiment("s", "random", 1)
TRACK = Track(
    name="toy",
    title="Toy",
    description="",
    comparable=False,
    settings=(SETTING,),
    methods=("random",),
    seeds=(1,),
)
POOL = Effort(components=(2, 1), contour=(9, 4), slices=4, empty_slices=5, images=1)
MOMENT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def root(tmp_path):
    """STAND-IN for the files that the steps of a finished experiment leave."""
    root = tmp_path / "runs"
    write_model(root / layout.setting_file("s"), SETTING)
    freeze(root, describe(Method.parse("random")), None)
    write_model(
        tmp_path / "acdc" / "prepared.json",
        PreparedInfo(
            protocol_version="1.0",
            name="acdc",
            channels=("x",),
            classes=("background", "body", "dot"),
            spacing=(1, 1, 1),
            pool=(CaseInfo(id="a", shape=(9, 9, 9)),),
            test=(CaseInfo(id="t", shape=(9, 9, 9)),),
            pool_voxels=(700, 20, 9),
            pool_boundary=(15, 9),
            pool_effort=POOL,
            split_kind="rule",
            checksum="c",
        ),
    )
    for loop in range(2):
        patch = PatchRecord(case="a", start=(0, 0, 4 * loop), size=(4, 4, 4))
        query = Query(
            dataset="acdc", setting="s", method="random", seed=1, loop=loop, patches=(patch,)
        )
        save_query(root / layout.query_file(EXPERIMENT, loop), query)
        labelled = Labelled(
            patches=loop + 1,
            cases={"a": (60, 3, 1)},
            boundary={"a": (2, 1)},
            work={"a": Work(components=(1, 1), contour=(2, 0), slices=3, empty_slices=1)},
            images=loop + 1,
        )
        write_model(labelled_file(root / layout.train_folder(EXPERIMENT, loop)), labelled)
        column = ((3,), (4,))
        evaluation = Evaluation(
            cases=("t",), true_positives=column, false_positives=column, false_negatives=column
        )
        write_model(root / layout.evaluation_file(EXPERIMENT, loop), evaluation)
    for job in experiment_jobs(tmp_path / "acdc", SETTING, EXPERIMENT):
        if job.step.has_cost:
            cost = Cost(seconds=1, peak_memory_gib=1, device="cpu")
            write_model(cost_file(root / job.output), cost)
    return root


def test_a_result_says_how_each_loops_code_was_isolated_and_the_pools_shapes(root) -> None:
    for loop, isolation in enumerate(("trusted", "landlock")):
        file = root / layout.query_file(EXPERIMENT, loop)
        save_query(file, load_query(file).model_copy(update={"isolation": isolation}))
    result = gather(root)
    assert [loop.isolation for loop in result.loops] == ["trusted", "landlock"]
    assert result.dataset.pool_shapes == {"a": (9, 9, 9)}


def gather(root):
    return collect(root, TRACK, EXPERIMENT, root.parent / "acdc")


def set_time(file, moment):
    os.utime(file, (moment.timestamp(), moment.timestamp() + 0.7))


def test_what_the_steps_left_is_in_the_result(root):
    result = gather(root)
    assert [loop.labelled_boundary for loop in result.loops] == [(2, 1), (2, 1)]
    assert result.loops[1].effort == Effort(
        components=(1, 1), contour=(2, 0), slices=3, empty_slices=1, images=2
    )
    assert result.dataset.pool_effort == POOL
    assert result.loops[1].patches.case == ("a",)
    assert result.loops[1].patches.start == ((0,), (0,), (4,))
    assert result.dataset.pool_foreground == (20, 9)
    assert result.dataset.pool_boundary == (15, 9)
    assert result.dataset.full_data_dice == load_card("acdc").full_data_dice[200]
    assert "2025" in result.method.reference
    folds = [f"train_fold_{fold}" for fold in range(SETTING.training.folds)]
    assert list(result.loops[0].costs) == ["start", "annotate", *folds, "evaluate"]
    assert list(result.loops[1].costs) == ["query", "annotate", *folds, "evaluate"]


def test_slices_that_were_counted_across_another_axis_than_the_pools_are_left_out(root):
    info = root.parent / "acdc" / "prepared.json"
    write_model(info, read_model(info, PreparedInfo).model_copy(update={"slice_axis": 2}))
    last = labelled_file(root / layout.train_folder(EXPERIMENT, 1))
    write_model(last, read_model(last, Labelled).model_copy(update={"slice_axis": 2}))
    result = gather(root)
    assert result.dataset.slice_axis == 2
    assert [loop.effort is None for loop in result.loops] == [True, False]


def test_surfaces_and_calibration_are_in_the_result_where_the_evaluation_has_them(root):
    file = root / layout.evaluation_file(EXPERIMENT, 1)
    evaluation = read_model(file, Evaluation)
    column = evaluation.true_positives
    counts = Counts(true_positives=column, false_positives=column, false_negatives=column)
    surfaces, calibration = made_up_surfaces(counts), made_up_calibration(counts)
    measured = {"surfaces": surfaces, "calibration": calibration}
    write_model(file, evaluation.model_copy(update=measured))
    first, second = gather(root).loops
    assert (first.surfaces, first.calibration) == (None, None)
    assert (second.surfaces, second.calibration) == (surfaces, calibration)


def test_the_time_is_that_of_the_last_step_whenever_the_result_is_collected(root):
    set_time(root / layout.evaluation_file(EXPERIMENT, 1), MOMENT)
    assert gather(root).finished == "2026-11-22T09:30:00Z"
    assert gather(root) == gather(root)


def test_where_it_comes_from_is_in_the_result(root, monkeypatch):
    start = root / layout.query_file(EXPERIMENT, 0)
    set_time(start, MOMENT)
    assert gather(root).started == "2026-11-22T09:29:59Z"  # the start took a second
    monkeypatch.delenv(COMMAND, raising=False)
    assert gather(root).command is None
    monkeypatch.setenv(COMMAND, "nnactive-bench submit mine.py:Mine")
    assert gather(root).command == "nnactive-bench submit mine.py:Mine"
    assert gather(root).environment.code == code_hash()


def test_the_hash_of_the_code_is_that_of_modules_tracks_and_cards():
    counted = code_files()
    assert {"benchmark/collect.py", "benchmark/tracks/demo.yaml"} <= counted.keys()
    assert {"datasets/phantom/card.yaml", "nnactive/geometry.py"} <= counted.keys()
    assert not any("__pycache__" in name or name.startswith("leaderboard") for name in counted)


def test_a_failed_experiment_ended_when_its_step_did(root):
    (root / layout.evaluation_file(EXPERIMENT, 1)).unlink()
    failed = layout.failure_file(root / layout.query_file(EXPERIMENT, 1))
    write_model(failed, Failure(step="query", loop=1, reason="too few"))
    set_time(failed, MOMENT)
    result = gather(root)
    assert (result.status, len(result.loops)) == ("failed", 1)
    assert result.finished == "2026-11-22T09:30:00Z"


@pytest.mark.parametrize("dataset", ["acdc", "toothfairy2", "mama_mia"])
def test_full_data_dice_is_that_of_the_same_training_length(dataset):
    name = "main" if dataset == "acdc" else "rollout"
    setting = next(s for s in load_track(name).settings if s.dataset == dataset)
    card = load_card(dataset)
    for epochs in (200, 500):
        longer = setting.training.model_copy(update={"epochs": epochs})
        changed = setting.model_copy(update={"training": longer})
        assert full_data_dice(changed, card) == card.full_data_dice[epochs]
    unknown = setting.training.model_copy(update={"epochs": 300})
    assert full_data_dice(setting.model_copy(update={"training": unknown}), card) is None


@pytest.mark.parametrize(
    "change",
    [
        {"training": {"folds": 4}},
        {"training": {"iterations": 100}},
        {"training": {"base_features": 8}},
        {"training": {"batch_size": 2}},
        {"training": {"mirror": False}},
        {"inference": {"test_mirror": False}},
        {"inference": {"test_tile_step": 0.75}},
    ],
)
def test_another_training_or_evaluation_has_no_full_data_dice(change):
    content = SETTING.model_dump()
    for part, fields in change.items():
        content[part] |= fields
    assert full_data_dice(Setting.model_validate(content), load_card("acdc")) is None
    queries = SETTING.model_dump() | {"inference": {"query_tile_step": 0.5}}
    assert full_data_dice(Setting.model_validate(queries), load_card("acdc")) is not None


def test_a_reduced_cost_track_has_its_own_full_data_dice():
    """That of just its training and test: no other one's, and never the papers'."""
    (setting,) = load_track("demo").settings
    card = load_card("phantom")
    assert full_data_dice(setting, card) == card.references[0].dice
    longer = setting.training.model_copy(update={"epochs": setting.training.epochs + 1})
    unseeded = setting.training.model_copy(update={"seeded": False})
    for training in (longer, unseeded):
        other = setting.model_copy(update={"training": training})
        assert full_data_dice(other, card) is None
    mirrored = setting.inference.model_copy(update={"test_mirror": True})
    assert full_data_dice(setting.model_copy(update={"inference": mirrored}), card) is None
    queries = setting.inference.model_copy(update={"query_tile_step": 0.5})
    asked = setting.model_copy(update={"inference": queries})
    assert full_data_dice(asked, card) == card.references[0].dice

"""Whole slices, another network and an annotator who errs, through all steps of two loops."""

from pathlib import Path

import numpy as np
import pytest
from support import SEED

from nnactive.annotator.drawn import drawn_labels
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch, slice_size
from nnactive.io.files import read_json, read_model
from nnactive.io.queries import load_patches
from nnactive.methods import BUILTIN
from nnactive.nnunet.training_folder import read_partial_label, training_plans
from nnactive.settings import Annotator, Setting, Training
from nnactive.steps.annotate import Labelled, annotate, annotate_all, labelled_file
from nnactive.steps.evaluate import Evaluation, evaluate
from nnactive.steps.query import QueryInputs, query
from nnactive.steps.start import start
from nnactive.steps.train import forget, train_fold

TIRED = Annotator(
    boundary_sd_mm=1.0, boundary_length_mm=4.0, missed_share=0.5, missed_below_mm3=60.0
)
TRAINING = {"folds": 2, "epochs": 1, "iterations": 2, "base_features": 4, "batch_size": 2}


def changed(setting: Setting, **fields: object) -> Setting:
    return setting.model_copy(update=fields)


def two_loops(data: Path, setting: Setting, folder: Path, method: str = "random") -> list[Path]:
    """Query files and training folders of loops 0 and 1, and the evaluation of loop 0."""
    queries = [folder / f"loop_00{loop}.json" for loop in range(2)]
    trains = [folder / f"loop_00{loop}" / "train" for loop in range(2)]
    start(data, setting, SEED, queries[0])
    annotate(data, setting, SEED, queries[:1], None, trains[0])
    members = [folder / f"fold_{fold}.pth" for fold in range(2)]
    for fold, member in enumerate(members):
        train_fold(trains[0], fold, member, "cpu")
        forget(member)
    evaluate(data, setting, trains[0], members, folder / "evaluation.json", "cpu")
    asked = QueryInputs(
        data=data,
        setting=setting,
        seed=SEED,
        loop=1,
        method=BUILTIN[method](),
        method_id=method,
        queries=(queries[0],),
        train=trains[0],
        members=tuple(members),
    )
    query(asked, queries[1], "cpu")
    annotate(data, setting, SEED, queries, trains[0], trains[1])
    return [*queries, *trains, folder / "evaluation.json"]


@pytest.mark.slow
def test_a_run_on_whole_slices(phantom: Path, setting: Setting, tmp_path: Path) -> None:
    axis = 2
    flat = changed(
        setting,
        patch_size=slice_size(axis),
        stride=(1, 1, 1),
        training=Training(**TRAINING, seeded=True),
    )
    first, second, _, train, counted = two_loops(phantom, flat, tmp_path, "bald")
    patches = load_patches([first, second])
    assert len(patches) == flat.starting_budget + flat.query_size
    shapes = {case.id: case.shape for case in PreparedDataset(phantom).info.pool}
    for patch in patches:
        expected = list(shapes[patch.case])
        expected[axis] = 1
        assert list(patch.size) == expected
    # Nothing keeps queries to every third slice.
    assert len({patch.start[axis] % 3 for patch in patches}) == 3
    labelled = read_model(labelled_file(train), Labelled)
    assert labelled.voxels == sum(patch.voxels for patch in patches)
    assert read_model(counted, Evaluation).true_positives


@pytest.mark.slow
def test_a_run_with_a_residual_encoder(phantom: Path, setting: Setting, tmp_path: Path) -> None:
    wide = changed(setting, training=Training(**TRAINING, network="resenc_m", seeded=True))
    _, _, first, second, counted = two_loops(phantom, wide, tmp_path, "coreset")
    network = training_plans(first)["configurations"]["3d_fullres"]["architecture"]
    assert network["network_class_name"].endswith("ResidualEncoderUNet")
    assert network["arch_kwargs"]["features_per_stage"][:2] == [4, 8]
    assert network["arch_kwargs"]["n_blocks_per_stage"][:2] == [1, 3]
    assert training_plans(second) == training_plans(first)
    # The images are those that were prepared for the plain network.
    stored = read_json(PreparedDataset(phantom).plans_file)["configurations"]["3d_fullres"]
    planned = training_plans(first)["configurations"]["3d_fullres"]
    same = ("spacing", "data_identifier", "normalization_schemes", "median_image_size_in_voxels")
    assert [planned[field] for field in same] == [stored[field] for field in same]
    assert read_model(counted, Evaluation).true_positives


def test_nnunet_plans_batch_and_patch_of_a_residual_encoder(
    phantom: Path, setting: Setting, tmp_path: Path
) -> None:
    plans = []
    for number in range(2):
        folder = tmp_path / f"{number}"
        start(phantom, setting, SEED, folder / "loop_000.json")
        usual = changed(setting, training=Training(folds=2, network="resenc_m"))
        annotate(phantom, usual, SEED, [folder / "loop_000.json"], None, folder / "train")
        plans.append(training_plans(folder / "train"))
    assert plans[0] == plans[1]
    assert plans[0]["plans_name"] == "nnUNetResEncUNetMPlans"
    assert plans[0]["configurations"]["3d_fullres"]["batch_size"] > 2


@pytest.mark.slow
def test_a_run_with_an_annotator_who_errs(phantom: Path, setting: Setting, tmp_path: Path) -> None:
    tired = changed(setting, annotator=TIRED, training=Training(**TRAINING, seeded=True))
    first, second, before, train, _ = two_loops(phantom, tired, tmp_path)
    dataset, patches = PreparedDataset(phantom), load_patches([first, second])
    labelled = read_model(labelled_file(train), Labelled)
    wrong = 0
    for case in {patch.case for patch in patches}:
        partial, truth = read_partial_label(train, case), dataset.pool_label(case)
        inside = np.zeros(truth.shape, bool)
        for patch in patches:
            if patch.case == case:
                inside[patch.slices] = True
        assert (partial[~inside] == 4).all()
        drawn = np.bincount(partial[inside], minlength=4)
        assert labelled.cases[case] == tuple(drawn)
        wrong += int((partial[inside] != truth[inside]).sum())
    assert 0.01 < wrong / labelled.voxels < 0.3
    for case in read_model(labelled_file(before), Labelled).cases:
        old, new = read_partial_label(before, case), read_partial_label(train, case)
        assert (new[old != 4] == old[old != 4]).all()


def drawn(data: Path, case: str, *patches: Patch, seed: int = SEED) -> np.ndarray:
    return drawn_labels(PreparedDataset(data), TIRED, seed, case, patches)


def test_a_voxel_has_one_label_whichever_patch_it_lies_in(phantom: Path) -> None:
    case = PreparedDataset(phantom).info.pool[0].id
    one, other = Patch(case, (2, 3, 4), (9, 8, 7)), Patch(case, (6, 5, 3), (8, 9, 10))
    alone = [drawn(phantom, case, one), drawn(phantom, case, other)]
    assert np.array_equal(drawn(phantom, case, one, other), drawn(phantom, case, other, one))
    shared = np.s_[6:11, 5:11, 4:11]
    assert np.array_equal(alone[0][shared], alone[1][shared])
    whole = Patch(case, (0, 0, 0), PreparedDataset(phantom).shape(case))
    everywhere = drawn(phantom, case, whole)
    assert np.array_equal(everywhere[one.slices], alone[0][one.slices])
    assert not np.array_equal(everywhere, drawn(phantom, case, whole, seed=SEED + 1))


def test_the_full_data_reference_is_trained_on_labels_without_errors(
    phantom: Path, setting: Setting, tmp_path: Path
) -> None:
    annotate_all(phantom, changed(setting, annotator=TIRED), SEED, tmp_path / "train")
    dataset = PreparedDataset(phantom)
    case = dataset.info.pool[0].id
    assert np.array_equal(read_partial_label(tmp_path / "train", case), dataset.pool_label(case))


def test_settings_without_these_fields_are_written_as_before(setting: Setting) -> None:
    text = setting.model_dump_json()
    assert "annotator" not in text
    assert "network" not in text
    tired = changed(setting, annotator=TIRED, training=Training(network="resenc_m"))
    assert Setting.model_validate_json(tired.model_dump_json()) == tired

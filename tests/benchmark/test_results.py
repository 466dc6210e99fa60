import json

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from benchmark.results import (
    Counts,
    DatasetRecord,
    Environment,
    ExperimentResult,
    LoopResult,
    MethodRecord,
    dice_per_class,
    load_result,
    mean_dice,
    patch_columns,
    save_result,
)
from benchmark.schemas import FILES, json_schema
from nnactive.errors import UserError
from nnactive.io.costs import Cost
from nnactive.io.models import NewerFileError, file_text
from nnactive.io.queries import PatchRecord
from nnactive.settings import Setting

COUNTS = Counts(
    # Class 0 by case: 6/8, 0/4. Class 1: absent, 10/10. Class 2: absent everywhere.
    true_positives=((3, 0), (0, 5), (0, 0)),
    false_positives=((1, 4), (0, 0), (0, 0)),
    false_negatives=((1, 0), (0, 0), (0, 0)),
)


@pytest.fixture
def result():
    setting = Setting(
        name="s_low",
        dataset="s",
        regime="low",
        patch_size=(2, 3, 4),
        starting_budget=1,
        query_size=1,
        loops=1,
    )
    loop = LoopResult(
        loop=0,
        patches=patch_columns([PatchRecord(case="a", start=(0, 1, 2), size=(2, 3, 4))]),
        labelled_patches=1,
        labelled_voxels=24,
        labelled_foreground=(3, 2, 0),
        counts=COUNTS,
        costs={"evaluate": Cost(seconds=1.25, peak_memory_gib=0.5, device="cpu")},
    )
    return ExperimentResult(
        status="complete",
        track="t",
        comparable=True,
        setting=setting,
        method=MethodRecord(
            id="m-0a1b",
            name="M",
            description="ä",
            parameters={"beta": 1.5, "k": 3, "on": True, "kind": "x"},
            source_hash="0a1b",
            origin="submission",
            oracle=False,
        ),
        seed=12345,
        dataset=DatasetRecord(
            name="s",
            checksum="c",
            split_kind="authors",
            classes=("one", "two", "three"),
            pool_cases=3,
            pool_foreground=(9, 9, 9),
            test_cases=("x", "y"),
        ),
        loops=(loop,),
        environment=Environment(
            python="3.11.2", packages={}, commit="unknown", cpu="c", cores=2, accelerator=None
        ),
    )


def test_dice_leaves_out_cases_without_the_class():
    np.testing.assert_allclose(dice_per_class(COUNTS), [0.375, 1.0, np.nan])


def test_mean_dice_leaves_out_classes_that_no_case_has():
    assert mean_dice(COUNTS) == pytest.approx((0.375 + 1) / 2)


def test_a_false_positive_makes_a_class_count_as_zero_in_a_case_without_it():
    counts = Counts(true_positives=((0, 1),), false_positives=((7, 0),), false_negatives=((0, 0),))
    assert mean_dice(counts) == pytest.approx(0.5)


def test_a_class_that_no_test_case_has_is_not_scored_whatever_is_predicted():
    for false_positives in (0, 7):
        counts = Counts(
            true_positives=((3, 1), (0, 0)),
            false_positives=((0, 0), (false_positives, 0)),
            false_negatives=((3, 0), (0, 0)),
        )
        np.testing.assert_allclose(dice_per_class(counts), [(2 / 3 + 1) / 2, np.nan])
        assert mean_dice(counts) == pytest.approx((2 / 3 + 1) / 2)


def test_saved_and_loaded_is_the_same(result, tmp_path):
    save_result(tmp_path / "deep" / "result.json", result)
    loaded = load_result(tmp_path / "deep" / "result.json")
    assert loaded == result
    assert json.loads((tmp_path / "deep" / "result.json").read_text())["schema_version"] == 4
    assert loaded.method.parameters == {"beta": 1.5, "k": 3, "on": True, "kind": "x"}
    assert [type(value) for value in loaded.method.parameters.values()] == [float, int, bool, str]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"schema_version": "2"}, "schema_version"),
        ({"schema_version": 0}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"status": "fine"}, "status"),
        ({"seed": "many"}, "seed"),
        ({"setting": {}}, "setting.name"),
    ],
)
def test_what_does_not_fit_names_its_field(result, tmp_path, change, field):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(json.loads(file_text(result)) | change))
    with pytest.raises(UserError, match=f"field '{field}'") as caught:
        load_result(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_result_fits_its_json_schema(result):
    schema = json_schema(FILES["result"])
    Draft202012Validator(schema).validate(json.loads(file_text(result)))


def test_a_newer_result_is_told_before_what_does_not_fit(result, tmp_path):
    path = tmp_path / "result.json"
    content = json.loads(file_text(result)) | {"schema_version": 5, "surprise": 1}
    path.write_text(json.dumps(content))
    with pytest.raises(NewerFileError) as caught:
        load_result(path)
    told = f"{path}: schema version 5, this release reads up to 4; update the benchmark"
    assert str(caught.value) == told


def first_schema(result):
    """The same result as the first schema has it: an object a patch, and less."""
    content = json.loads(file_text(result)) | {"schema_version": 1}
    del content["finished"], content["method"]["reference"]
    for field in ("pool_boundary", "full_data_dice"):
        del content["dataset"][field]
    for loop in content["loops"]:
        del loop["labelled_boundary"]
        loop["patches"] = [{"case": "a", "start": [0, 1, 2], "size": [2, 3, 4]}]
    return content


def test_results_of_the_first_schema_are_read(result, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(first_schema(result)))
    assert load_result(path) == result
    save_result(path, load_result(path))
    assert json.loads(path.read_text())["schema_version"] == 4


def test_a_broken_patch_of_the_first_schema_is_told_in_a_line(result, tmp_path):
    path = tmp_path / "result.json"
    content = first_schema(result)
    del content["loops"][0]["patches"][0]["start"]
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"field 'loops.0.patches': .* 'start'") as caught:
        load_result(path)
    assert "\n" not in str(caught.value)


def test_patches_are_columns():
    patches = [
        PatchRecord(case="b", start=(0, 1, 2), size=(7, 8, 9)),
        PatchRecord(case="a", start=(3, 4, 5), size=(7, 8, 9)),
    ]
    columns = patch_columns(patches)
    assert columns.case == ("b", "a")
    assert columns.start == ((0, 3), (1, 4), (2, 5))
    assert columns.size == ((7, 7), (8, 8), (9, 9))
    assert columns.lengths == {2}
    assert columns.model_copy(update={"case": ("a",)}).lengths == {1, 2}
    assert patch_columns([]).lengths == {0}


@pytest.mark.parametrize("when", ["2026-02-30T00:00:00Z", "yesterday", "2026-02-20T25:00:00Z", 7])
def test_the_time_is_a_real_one(result, tmp_path, when):
    path = tmp_path / "result.json"
    content = json.loads(file_text(result))
    path.write_text(json.dumps(content | {"finished": "2026-02-28T23:59:59Z"}))
    assert load_result(path).finished == "2026-02-28T23:59:59Z"
    path.write_text(json.dumps(content | {"finished": when}))
    with pytest.raises(UserError, match="field 'finished'"):
        load_result(path)


def test_a_result_cannot_be_changed(result):
    with pytest.raises(ValidationError):
        result.seed = 1

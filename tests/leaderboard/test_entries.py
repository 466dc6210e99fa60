import json
import os

import pytest

from leaderboard.entries import LARGEST_FILE, group, load_entries
from nnactive.errors import UserError


def changed(result, path, value):
    """The result's JSON with one field replaced."""
    content = json.loads(result.model_dump_json())
    *parents, last = path
    target = content
    for key in parents:
        target = target[key]
    target[last] = value
    return content


def test_reads_folders_and_files_in_an_order_independent_of_their_own(make, store):
    first = store(make("bald"), make("random", 2), folder="a")
    second = store(make("random", 1), make("bald", 2), folder="b")
    file = next(second.rglob("result.json"))
    forwards = load_entries([first, second])
    assert forwards == load_entries([file, second, first])
    assert len(forwards.results) == 4
    assert forwards.left_out == ()


def test_the_same_result_twice_counts_once(make, store):
    folders = [store(make(), folder=name) for name in "ab"]
    assert len(load_entries(folders).results) == 1


def test_two_different_results_of_one_experiment_are_both_left_out(make, store):
    folders = [
        store(make(), make("bald"), folder="a"),
        store(make(dice=(0.1, 0.2, 0.3)), folder="b"),
    ]
    for order in (folders, folders[::-1]):
        entries = load_entries(order)
        assert [result.method.id for result in entries.results] == ["bald"]
        assert len({item.file for item in entries.left_out}) == 1
        assert "2 different results of this experiment" in entries.left_out[0].reason


def test_a_missing_folder_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        load_entries([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not valid JSON"),
        (b'{"schema_version": 1, "track":', "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"seed": 1' + b"0" * 9000 + b"}", "cannot be read"),
        (b"[]", "content"),
        (b'{"schema_version": 7, "brand_new": 1}', "schema version 7 is newer than 2"),
        (b'{"schema_version": 1}', "field 'status': Field required"),
        (b'{"\\ud800<script>\\n\\u202e": 1}', "field 'content'"),
    ],
)
def test_unreadable_files_are_left_out_with_one_line(make, store, content, reason):
    root = store(make())
    (root / "x").mkdir()
    (root / "x" / "result.json").write_bytes(content)
    entries = load_entries([root])
    assert len(entries.results) == 1
    (item,) = entries.left_out
    assert item.file == "x/result.json"
    assert reason in item.reason
    assert "\n" not in item.reason
    assert str(root) not in item.reason
    item.reason.encode()


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["surprise"], 1, "surprise"),
        (["loops", 0, "loop"], 1, "numbered"),
        (
            ["loops", 1, "labelled_patches"],
            10,
            "loop 1: 10 labelled patches, but by the setting 20",
        ),
        (["setting", "query_size"], 9, "loop 1: not 9 patches, as the setting says"),
        (["loops", 1, "counts", "true_positives"], [[1, 2]], "loop 1: the counts are not 2"),
        (["loops", 1, "counts", "true_positives"], [[1, 2], [1]], "loop 1: the counts are not 2"),
        (["loops", 2, "counts", "false_negatives", 0, 0], -1, "loop 2: a count is negative"),
        (["loops", 2, "counts", "false_negatives", 0, 0], 10**400, "loop 2: a count is"),
        (["loops", 2, "labelled_foreground"], [1], "loop 2: labelled_foreground"),
        (["loops", 2, "costs", "query", "seconds"], float("inf"), "duration"),
        (["loops"], [], "complete, but has 0 of 3 loops"),
        (["setting", "loops"], 2, "complete, but has 3 of 2 loops"),
        (["status"], "failed", "contradict"),
        (["dataset", "test_cases"], [], "no test case"),
        (["dataset", "pool_foreground"], [1], "pool_foreground does not have 2 classes"),
        (["dataset", "pool_foreground", 1], -3, "pool_foreground: a count is negative"),
        (["dataset", "pool_boundary"], [], "pool_boundary does not have 2 classes"),
        (["dataset", "full_data_dice"], 91.0, "dataset.full_data_dice"),
        (["loops", 2, "labelled_foreground", 0], 90_001, "more voxels than the pool"),
        (["loops", 0, "labelled_boundary"], [1, 2, 3], "loop 0: labelled_boundary"),
        (["loops", 0, "labelled_boundary"], [1, -2], "loop 0: a count is negative"),
        (["loops", 1, "patches", "case"], ["p"], "loop 1: not 10 patches"),
        (["loops", 1, "costs", "query", "peak_memory_gib"], float("inf"), "memory is not finite"),
        (["finished"], "2026-13-01T00:00:00Z", "field 'finished'"),
    ],
)
def test_inconsistent_results_are_left_out(make, tmp_path, path, value, reason):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(changed(make(), path, value)))
    entries = load_entries([file])
    assert entries.results == ()
    assert reason in entries.left_out[0].reason


@pytest.mark.timeout(20)
def test_what_is_no_ordinary_file_is_not_read(make, store):
    root = store(make())
    for name in "abc":
        (root / name).mkdir()
    os.mkfifo(root / "a" / "result.json")  # reading it would wait for ever
    (root / "b" / "result.json").symlink_to(root / "nowhere")
    with (root / "c" / "result.json").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    entries = load_entries([root])
    assert len(entries.results) == 1
    assert [item.file for item in entries.left_out] == [f"{name}/result.json" for name in "abc"]
    reasons = [item.reason for item in entries.left_out]
    assert reasons[0] == "not a regular file"
    assert "cannot be read" in reasons[1]
    assert "larger than 32 MiB" in reasons[2]


def test_strict_names_the_first_file_that_would_be_left_out(make, store):
    root = store(make())
    assert load_entries([root], strict=True) == load_entries([root])
    for name in "ba":
        (root / name).mkdir()
        (root / name / "result.json").write_text("{")
    with pytest.raises(UserError, match=r"a/result\.json: not valid JSON") as caught:
        load_entries([root], strict=True)
    assert "\n" not in str(caught.value)


def test_strict_refuses_two_different_results_of_one_experiment(make, store):
    folders = [store(make(), folder="a"), store(make(dice=(0.1, 0.2, 0.3)), folder="b")]
    with pytest.raises(UserError, match=r"result\.json: 2 different results of this experiment"):
        load_entries(folders, strict=True)


def test_what_may_not_be_compared_is_never_in_one_group(make):
    base = make()
    others = [
        base.model_copy(update={"protocol_version": "1.1"}),
        base.model_copy(update={"dataset": base.dataset.model_copy(update={"checksum": "cd"})}),
        base.model_copy(update={"setting": base.setting.model_copy(update={"query_size": 9})}),
        base.model_copy(update={"track": "other"}),
        base.model_copy(
            update={
                "environment": base.environment.model_copy(update={"packages": {"nnunetv2": "3"}})
            }
        ),
    ]
    assert len(group([base, *others])) == 6
    patch_release = base.model_copy(update={"protocol_version": "1.0.3", "seed": 2})
    assert len(group([base, patch_release])) == 1

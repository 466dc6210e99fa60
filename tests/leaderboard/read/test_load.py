import doctest
import json
import os
import tracemalloc

import pytest

from leaderboard.read import groups as module
from leaderboard.read.files import LARGEST_FILE
from leaderboard.read.groups import group, identity
from leaderboard.read.load import load_entries
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
        assert [item.file.partition("/")[0] for item in entries.left_out] == ["a", "b"]
        assert "2 different results of this experiment" in entries.left_out[0].reason


def test_a_missing_folder_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        load_entries([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not valid JSON"),
        (b'{"schema_version": 1, "track":', "not valid JSON"),
        (b"\xff\xfe\x00", "byte 0 isn't UTF-8"),
        (b"[" * 200_000, "has more parts than a result can have"),
        (b"[" * 90_000, "nested too deeply"),
        (b'{"seed": 1' + b"0" * 9000 + b"}", "a number of more than 19 digits"),
        (b"[]", "content"),
        (
            b'{"schema_version": 7, "brand_new": 1}',
            "schema version 7, this release reads up to 4; update the benchmark",
        ),
        (b'{"schema_version": 1}', "field 'status': missing"),
        (b'{"seed": NaN}', "NaN, which JSON doesn't have"),
        (b'{"seed": -Infinity}', "-Infinity, which JSON doesn't have"),
        (b'{"seed": 1e999}', "a number that isn't finite"),
        (b'{"seed": "\\ud800"}', "half of a surrogate pair"),
        (b'{"a":' * 13 + b"1" + b"}" * 13, "nested more than 12 levels deep"),
        (b'{"a": "' + b"x" * 10_001 + b'"}', "a text of more than 10,000 characters"),
        (b'{"\\ud800<script>\\n\\u202e": 1}', "isn't Unicode"),
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
            "loop 1: 10 labelled patches, but the setting requires 20",
        ),
        (["setting", "query_size"], 9, "loop 1: 10 patches, but the setting requires 9"),
        (["loops", 1, "counts", "true_positives"], [[1, 2]], "true_positives are not 2"),
        (
            ["loops", 1, "counts", "true_positives"],
            [[1, 2], [1]],
            "true_positives are not 2",
        ),
        (
            ["loops", 2, "counts", "false_negatives", 0, 0],
            -1,
            "of false_negatives is negative",
        ),
        (
            ["loops", 2, "counts", "false_negatives", 0, 0],
            10**17,
            "loop 2: the test case case_a has",
        ),
        (["loops", 2, "labelled_foreground"], [1], "loop 2: labelled_foreground"),
        (["loops", 2, "costs", "query", "seconds"], float("inf"), "Infinity, which JSON"),
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
        (["loops", 0, "labelled_boundary"], [1, -2], "loop 0: labelled_boundary: a count is"),
        (["loops", 1, "patches", "case"], ["p"], "loop 1: 1, 10 patches, but"),
        (["loops", 1, "costs", "query", "peak_memory_gib"], 1e7, "exceeds 1,000,000 GiB"),
        (["finished"], "2026-13-01T00:00:00Z", "field 'finished'"),
        (["finished"], "9999-12-31T23:59:59Z", "finished in the year 9999"),
        (["track"], " \u200b", "the track has no name"),
        (["seed"], True, "field 'seed'"),
        (["seed"], "1", "field 'seed'"),
        (
            ["dataset", "name"],
            "other",
            "run on the dataset 'other', but the setting's is 'phantom'",
        ),
        (["dataset", "pool_boundary"], [90_001, 1], "pool_boundary has more voxels than pool_"),
        (["loops", 2, "labelled_foreground", 1], 5, "loop 2: labelled_foreground is lower"),
        (["loops", 2, "labelled_voxels"], 1279, "loop 2: labelled_voxels is lower"),
        (["loops", 0, "labelled_voxels"], 310, "loop 0: labelled_foreground has more voxels than"),
        (["loops", 0, "labelled_boundary"], [1, 12], "loop 0: labelled_boundary has more voxels"),
        (["loops", 1, "patches", "start", 2, 3], -1, "loop 1: a patch starts before its image"),
        (["loops", 1, "patches", "size", 0, 3], 0, "loop 1: a patch has no voxels"),
        (
            ["loops", 1, "counts", "false_negatives", 0, 0],
            7,
            "loop 1: a different reference (tp + fn)",
        ),
        (["loops", 1, "costs", "query", "seconds"], 1e300, "exceed 1,000,000,000 s in total"),
        (["loops", 1, "costs", "query", "peak_memory_gib"], 1e300, "exceeds 1,000,000 GiB"),
        (["method", "id"], "unheard_of", "'unheard_of' is not a built-in method of this release"),
        (
            ["method", "id"],
            "random_fg33,x=1",
            "'random_fg33,x=1' uses ground truth, but claims otherwise",
        ),
        (["method", "oracle"], True, "'random' does not use ground truth, but claims otherwise"),
        (["method", "name"], "", "the method has no name"),
        (["method", "name"], "a\u202eb", "the name of the method has characters that can't be"),
        (["dataset", "classes", 1], "\u2066", "the class has no name"),
        (["dataset", "test_cases", 1], "a\u0000b", "the name of the test case has characters"),
        (["loops", 0, "counts", "false_positives", 0, 0], 10**12, "the test case case_a has more"),
        (["loops", 2, "labelled_voxels"], 6400, "loop 2: 6,400 labelled voxels, but its patches"),
        (["loops", 1, "patches", "start", 0], [0] * 10, "the patch at (0, 0, 0) overlaps"),
        (["loops", 1, "patches", "size", 2, 3], 8, "has size (4, 4, 8) instead of (4, 4, 4)"),
        (["dataset", "pool_shapes"], {"p": [8, 40, 4]}, "pool_shapes has 1 cases, but the pool"),
        (["method", "origin"], "submission", "does not have its source hash in its id"),
    ],
)
def test_inconsistent_results_are_left_out(make, tmp_path, path, value, reason):
    file = tmp_path / "result.json"
    file.write_text(json.dumps(changed(make(), path, value)))
    entries = load_entries([file])
    assert entries.results == ()
    assert reason in entries.left_out[0].reason


@pytest.mark.parametrize(
    "content",
    [
        b'{"loops": [' + b"1," * 500_000 + b"1]}",
        b'{"loops": [' + b"[]," * 2_700_000 + b"1]}",
        b'{"loops": [' + b'"a",' * 2_000_000 + b"1]}",
        b'{"status": {' + b",".join(b'"k%d": 1' % n for n in range(9000)) + b"}}",
        b'{"loops": [{"costs": {' + b",".join(b'"k%d": 1' % n for n in range(9000)) + b"}}]}",
    ],
    ids=["numbers", "lists", "texts", "fields", "costs"],
)
def test_a_bloated_file_takes_little_memory(tmp_path, content):
    """By the number of what is allocated: a time would depend on the machine."""
    file = tmp_path / "result.json"
    file.write_bytes(content)
    load_entries([file])  # what is imported meanwhile doesn't count
    tracemalloc.start()
    try:
        (item,) = load_entries([file]).left_out
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50 << 20
    assert len(item.reason) <= 400


def test_a_byte_order_mark_is_no_fault(make, tmp_path):
    file = tmp_path / "result.json"
    file.write_bytes(b"\xef\xbb\xbf" + make().model_dump_json().encode())
    assert len(load_entries([file], strict=True).results) == 1


@pytest.mark.timeout(300)
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
    assert reasons[1] == "no such file"
    assert "larger than 8 MiB" in reasons[2]


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
    with pytest.raises(
        UserError, match=r"result\.json: one of 2 different results of this experiment"
    ):
        load_entries(folders, strict=True)


def test_what_may_not_be_compared_is_never_in_one_group(make):
    base = make()
    others = [
        base.model_copy(update={"protocol_version": "1.1"}),
        base.model_copy(update={"dataset": base.dataset.model_copy(update={"checksum": "cd"})}),
        base.model_copy(update={"dataset": base.dataset.model_copy(update={"split_kind": "own"})}),
        base.model_copy(update={"setting": base.setting.model_copy(update={"query_size": 9})}),
        base.model_copy(update={"track": "other"}),
        base.model_copy(
            update={
                "environment": base.environment.model_copy(update={"packages": {"nnunetv2": "3"}})
            }
        ),
    ]
    assert len(group([base, *others])) == 7
    patch_release = base.model_copy(update={"protocol_version": "1.0.3", "seed": 2})
    assert len(group([base, patch_release])) == 1


def test_durations_that_only_add_up_to_infinity_are_refused(make, tmp_path):
    result = make()
    for loop in (content := json.loads(result.model_dump_json()))["loops"]:
        loop["costs"]["evaluate"]["seconds"] = 1.7e308
    file = tmp_path / "result.json"
    file.write_text(json.dumps(content))
    assert "durations are not finite" in load_entries([file]).left_out[0].reason


def test_a_submission_carries_the_start_of_its_source_hash(make, store):
    good = [make(f"Mine-0123abcd{more}", origin="submission") for more in ("", ",beta=2")]
    assert len(load_entries([store(*good, folder="good")], strict=True).results) == 2
    bad = [
        good[0].model_copy(
            update={"method": good[0].method.model_copy(update={"id": name, "source_hash": source})}
        )
        for name, source in (
            ("Mine-0123abcd", "f" * 64),
            ("Mine-", ""),
            ("0123abcd", f"0123abcd{'0' * 56}"),
            ("Mine-0123abcd", "0123abcd"),
        )
    ]
    for result in bad:
        file = store(result, folder="bad")
        assert load_entries([file]).results == ()


def test_a_submission_is_not_the_benchmarks_own_code(make, store):
    mine = make("Mine-0123abcd", origin="submission")
    first, *rest = (loop.model_copy(update={"isolation": "trusted"}) for loop in mine.loops)
    (item,) = load_entries([store(mine.model_copy(update={"loops": (first, *rest)}))]).left_out
    assert item.reason.startswith("loop 1: a submission ran as the benchmark's own code")


def test_a_key_that_stands_twice_is_refused(make, tmp_path):
    file = tmp_path / "result.json"
    file.write_text(make().model_dump_json().replace('"seed":1', '"seed":1,"seed":2'))
    (item,) = load_entries([file]).left_out
    assert item.reason.startswith('duplicate key "seed"')


def test_links_to_folders_are_followed_and_each_file_is_read_once(make, store, tmp_path):
    runs = store(make(), folder="elsewhere")
    root = tmp_path / "runs"
    root.mkdir()
    (root / "linked").symlink_to(runs, target_is_directory=True)
    (root / "again").symlink_to(runs, target_is_directory=True)
    (runs / "round").symlink_to(root, target_is_directory=True)
    (runs / "broken").mkdir()
    (runs / "broken" / "result.json").write_text("{")
    entries = load_entries([root])
    assert len(entries.results) == 1
    assert [item.file for item in entries.left_out] == ["again/broken/result.json"]


def test_labels_tell_sources_of_the_same_name_apart(tmp_path):
    for name in ("one/runs", "two/runs"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "result.json").write_text("{")
    sources = [tmp_path / "one/runs", tmp_path / "two/runs/result.json"]
    for given in (sources, sources[::-1], [*sources, sources[0]]):
        files = [item.file for item in load_entries(given).left_out]
        assert files == ["result.json", "runs/result.json"]
    files = [
        item.file for item in load_entries([tmp_path / "one/runs", tmp_path / "two/runs"]).left_out
    ]
    assert files == ["one/runs/result.json", "two/runs/result.json"]
    assert [item.file for item in load_entries(sources[:1]).left_out] == ["result.json"]


def test_the_same_id_and_seed_of_a_submission_throws_no_baseline_out(make, store):
    mine = make("random", dice=(0.5, 0.9, 0.9), origin="submission")
    entries = load_entries([store(make(), folder="a"), store(mine, folder="b")])
    assert [result.method.origin for result in entries.results] == ["builtin"]
    assert [item.file.partition("/")[0] for item in entries.left_out] == ["b"]
    # Nor would it, were it accepted: two methods are one only if their sources are.
    assert identity(mine.method) != identity(make().method)


def test_results_of_other_data_are_left_out_with_their_reason(make, store):
    mine = make("Mine-0123abcd", dice=(0.5, 0.9, 0.9), origin="submission")
    mine = mine.model_copy(
        update={"dataset": mine.dataset.model_copy(update={"pool_foreground": (180_000, 3_000)})}
    )
    root = store(make(), make("bald"), mine)
    entries = load_entries([root])
    assert {result.method.id for result in entries.results} == {"random", "bald"}
    (item,) = entries.left_out
    assert "Mine-0123abcd" in item.file
    assert item.reason == (
        "foreground voxels of the pool: different from the other results of data abababababa\u2026"
    )
    with pytest.raises(UserError, match=r"Mine-0123abcd.*foreground voxels of the pool"):
        load_entries([root], strict=True)


def test_a_comparable_result_is_in_no_group_with_one_that_is_not(make):
    assert len(group([make(), make("bald", comparable=True)])) == 2


def test_the_examples_hold():
    found = doctest.testmod(module)
    assert (found.attempted > 0, found.failed) == (True, 0)

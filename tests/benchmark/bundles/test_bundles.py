"""Bundles: written from a run, opened again; the same content gives the same bytes."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from by_hand import METHOD, fail, run_by_hand

from benchmark import layout
from benchmark.bundles import limits, places
from benchmark.bundles.read import open_bundle
from benchmark.bundles.write import write_bundle
from benchmark.layout import Experiment
from benchmark.submission.about.fields import Weights
from benchmark.submission.requirements import Manifest, manifest_in
from nnactive.errors import UserError

COMPLETE = Manifest(name="Mine", authors=("Jane Doe",), licence="MIT")
NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_bundle_holds_code_results_and_every_loop(finished, bundle) -> None:
    opened = open_bundle(bundle)
    assert opened.wrong_files() == []
    assert opened.record.method == opened.spec.record
    assert opened.record.track == opened.track.name == "toy"
    assert opened.manifest.name == "Mine, improved"
    assert opened.manifest.reference == "Doe 2026"  # the class says it
    opened.check_code()
    for seed in opened.track.seeds:
        result = opened.result("s", seed)
        assert result.method.id == finished.method
        assert opened.has_result("s", seed)
        for loop in result.loops:
            patches = opened.query("s", seed, loop.loop).patches
            assert [patch.case for patch in patches] == list(loop.patches.case)
    assert not opened.has_result("s", 3)
    assert content(bundle)["results/s/seed_1.json"] == (
        (finished.root / layout.result_file(Experiment("s", finished.method, 1))).read_bytes()
    )


def test_the_same_run_gives_the_same_bytes(finished, tmp_path) -> None:
    for name, age in (("a", 0), ("b", 10**6)):
        for path in finished.root.rglob("*"):  # another machine's times and modes
            os.utime(path, (10**9 + age, 10**9 + age))
        for out in (tmp_path / name, tmp_path / f"{name}.zip"):
            args = (finished.root, finished.track, finished.method, out, COMPLETE)
            write_bundle(*args, made=NOON)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert content(open_bundle(tmp_path / "a.zip").folder) == content(tmp_path / "a")


def test_an_equal_bundle_stays_with_its_signature_and_attestations(finished, tmp_path) -> None:
    out = tmp_path / "mine"
    args = (finished.root, finished.track, finished.method, out)
    write_bundle(*args, COMPLETE, made=NOON)
    beside = (out / "bundle.json.sig", out / "attestations" / "replayed-john.json")
    beside[1].parent.mkdir()
    for file in beside:
        file.write_text("John's")
    before = content(out)
    write_bundle(*args, COMPLETE)
    assert content(out) == before
    write_bundle(*args, COMPLETE.model_copy(update={"name": "Better"}))
    assert not any(file.exists() for file in beside)
    (out / places.SPEC).write_text("broken")
    write_bundle(*args, COMPLETE.model_copy(update={"name": "Better"}))
    assert open_bundle(out).wrong_files() == []


def test_a_zip_may_hold_the_folder_itself(bundle, tmp_path) -> None:
    packed = shutil.make_archive(str(tmp_path / "mine"), "zip", bundle.parent, bundle.name)
    opened = open_bundle(Path(packed))
    assert opened.wrong_files() == []
    assert opened.record == open_bundle(bundle).record


def test_a_built_in_method_needs_neither_code_nor_a_manifest(builtin, tmp_path) -> None:
    out = tmp_path / "baseline"
    write_bundle(builtin.root, builtin.track, builtin.method, out)
    opened = open_bundle(out)
    assert opened.code is None
    opened.check_code()
    assert opened.manifest.licence == "Apache-2.0"
    assert not (out / places.CODE).exists()


def test_a_failed_experiment_is_part_of_the_record(finished, tmp_path) -> None:
    fail(finished, seed=2, loops=1)
    write_bundle(finished.root, finished.track, finished.method, tmp_path / "b", COMPLETE)
    opened = open_bundle(tmp_path / "b")
    assert opened.result("s", 2).status == "failed"
    assert opened.path(places.query_file("s", 2, 0)).is_file()
    assert not opened.path(places.query_file("s", 2, 1)).exists()
    assert opened.path(places.query_file("s", 1, 2)).is_file()


def test_a_missing_experiment_is_named_with_the_command(finished, tmp_path) -> None:
    (finished.root / layout.result_file(Experiment("s", finished.method, 2))).unlink()
    with pytest.raises(UserError, match=r"s, Mine-.*, seed 2; finish .*submit METHOD --track toy"):
        write_bundle(finished.root, finished.track, finished.method, tmp_path / "b", COMPLETE)
    assert not (tmp_path / "b").exists()


def test_what_the_manifest_lacks_is_named_with_lines_to_add(finished, tmp_path) -> None:
    with pytest.raises(UserError, match=r"authors: \[First Last\]; licence: Apache-2.0"):
        write_bundle(finished.root, finished.track, finished.method, tmp_path / "b", Manifest())


def test_changed_code_is_not_bundled(finished, tmp_path) -> None:
    file = finished.root / layout.frozen_folder(finished.method) / "files" / "mine.py"
    file.chmod(0o644)
    file.write_text(file.read_text() + "print('more')\n")
    with pytest.raises(UserError, match="differs from the submitted file"):
        write_bundle(finished.root, finished.track, finished.method, tmp_path / "b", COMPLETE)


def test_a_place_that_holds_something_else_is_left_alone(finished, bundle, tmp_path) -> None:
    there = tmp_path / "thesis"
    there.mkdir()
    (there / "chapter.txt").write_text("years of work")
    args = (finished.root, finished.track, finished.method)
    with pytest.raises(UserError, match="already exists and isn't a bundle; choose another path"):
        write_bundle(*args, there, COMPLETE)
    assert (there / "chapter.txt").exists()
    before = open_bundle(bundle).record.digest
    write_bundle(*args, bundle, COMPLETE)  # a bundle is replaced
    assert open_bundle(bundle).record.digest != before
    assert open_bundle(bundle).wrong_files() == []


def test_differences_from_the_record_are_named(bundle) -> None:
    (bundle / "results/s/seed_1.json").unlink()
    (bundle / "extra.txt").write_text("x")
    query = bundle / "queries/s/seed_1/loop_000.json"
    query.write_text(query.read_text().replace('"loop": 0', '"loop": 9'))
    spec = bundle / "method.json"
    spec.write_text(spec.read_text() + " ")
    assert open_bundle(bundle).wrong_files() == [
        "results/s/seed_1.json: missing",
        "'extra.txt': not listed",
        "method.json: has another size than bundle.json says",
        "queries/s/seed_1/loop_000.json: its content isn't what bundle.json says",
    ]


def test_code_is_read_whatever_the_times_of_its_files_say(bundle) -> None:
    record = bundle / "code" / "bundle.json"
    content = json.loads(record.read_text())
    file = bundle / "code" / "files" / "mine.py"
    data = bundle / "code" / "files" / "table.csv"
    data.write_text("1,2\n")
    known = {"digest": "0" * 64, "size": 4, "changed": data.stat().st_mtime_ns}
    content["files"]["table.csv"] = known
    record.write_text(json.dumps(content))
    opened = open_bundle(bundle)
    assert file.exists()
    assert opened.code
    with pytest.raises(UserError, match=r"table\.csv: differs"):
        opened.code.check()
    with pytest.raises(UserError, match="code isn't what"):
        opened.check_code()


@pytest.fixture
def weighty(tmp_path: Path):
    """A run of a method with a data file that is too large for a bundle."""
    folder = tmp_path / "weighty"
    folder.mkdir()
    (folder / "mine.py").write_text(METHOD, encoding="utf-8")
    with (folder / "net.pt").open("wb") as file:
        file.truncate(limits.LARGEST_FILE + 1)
    (folder / "submission.yaml").write_text("files: [net.pt]\n")
    return run_by_hand(tmp_path / "runs", f"{folder / 'mine.py'}:Mine", folder / "mine.py")


def test_large_weights_stay_outside_but_must_be_declared(weighty, tmp_path) -> None:
    args = (weighty.root, weighty.track, weighty.method, tmp_path / "b")
    with pytest.raises(UserError, match=r"net\.pt: 10\.0 MiB.* declare it .* under weights"):
        write_bundle(*args, COMPLETE)

    def declared(digest: str) -> Manifest:
        url = "https://example.org/net.pt"
        weights = Weights(file="net.pt", url=url, sha256=digest, training_data="CT scans")
        return COMPLETE.model_copy(update={"weights": (weights,), "files": ("net.pt",)})

    with pytest.raises(UserError, match=r"SHA-256 of net\.pt is [0-9a-f]{64}") as told:
        write_bundle(*args, declared("0" * 64))
    write_bundle(*args, declared(str(told.value)[-64:]))
    opened = open_bundle(tmp_path / "b")
    assert opened.outside == {"net.pt": "https://example.org/net.pt"}
    opened.check_code()
    assert not (tmp_path / "b" / "code" / "files" / "net.pt").exists()


def test_code_is_never_declared_away(bundle) -> None:
    (file,) = (bundle / "code" / "files").iterdir()
    digest = json.loads((bundle / "code" / "bundle.json").read_text())["files"][file.name]["digest"]
    with (bundle / "submission.yaml").open("a") as manifest:
        manifest.write(f"weights: [{{file: {file.name}, sha256: {digest}, training_data: none}}]\n")
    file.unlink()
    opened = open_bundle(bundle)
    assert opened.manifest.weights
    assert opened.outside == {}
    with pytest.raises(UserError, match=r"mine\.py: differs"):
        opened.check_code()


def test_what_a_manifest_says_does_not_change_the_hash(tmp_path) -> None:
    from benchmark.submission.files.find import find
    from benchmark.submission.files.frozen import stage

    file = tmp_path / "mine.py"
    file.write_text("x = 1\n")
    before = stage(find(file)).bundle.digest
    (tmp_path / "submission.yaml").write_text(
        "name: Mine\nauthors: [Jane]\nlicence: mit\ntuned_on: phantom\n"
    )
    found = manifest_in(tmp_path)
    assert found
    assert (found.licence, found.tuned_on) == ("MIT", ("phantom",))
    assert stage(find(file)).bundle.digest == before

import json
import shutil

import numpy as np
import pytest

from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedDataset, volume_file
from nnactive.data.verify import verify
from nnactive.errors import RefusedError, UserError
from nnactive.io.seals import read_seal, seal_file
from nnactive.nnunet.store import read_volume, write_volume

CHECKS = [
    "card", "cases", "files", "plans", "geometry", "values", "voxels", "checksum", "split",
    "test set",
]  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return tmp_path_factory.mktemp("finished") / "tiny"


@pytest.fixture
def made(tiny, tmp_path, finished):
    """A prepared dataset to damage."""
    if not finished.is_dir():
        prepare(tiny.card(), tiny.raw, finished, 1, lambda *_: None)
    shutil.copytree(finished, tmp_path / "tiny")
    tiny.card()
    return PreparedDataset(tmp_path / "tiny")


def failed(card, dataset):
    findings = verify(card, PreparedDataset(dataset.folder), lambda *_: None)
    assert [finding.what for finding in findings] == CHECKS
    return {finding.what: finding.detail for finding in findings if not finding.ok}


def rewrite(file, change):
    array = read_volume(file)
    write_volume(file, change(array), (4, 4, 4))


def set_voxel(value):
    def change(array):
        array[..., 0, 0, 0] = value
        return array

    return change


def test_a_whole_dataset_passes_and_progress_is_told(tiny, made):
    told = []
    findings = verify(tiny.card(), made, lambda *step: told.append(step))
    assert all(finding.ok for finding in findings)
    assert told == [("verify", done, 8) for done in range(9)]
    by_name = {finding.what: finding.detail for finding in findings}
    assert made.info.checksum[:12] in by_name["checksum"]
    assert by_name["cases"] == "6 pool and 2 test cases"
    assert by_name["test set"].startswith("the rule's split")


def test_a_changed_voxel_breaks_the_checksum_alone(tiny, made):
    rewrite(made.image_file("tiny_1"), set_voxel(0.25))
    assert set(failed(tiny.card(), made)) == {"checksum"}


def test_a_changed_pool_label_shows_in_voxels_too(tiny, made):
    pool = made.info.pool[0].id
    rewrite(made.folder / "pool_labels" / f"{pool}.b2nd", set_voxel(2))
    assert set(failed(tiny.card(), made)) == {"checksum", "voxels"}


def test_a_foreign_label_value_is_named_with_its_file(tiny, made):
    test = made.info.test[0].id
    rewrite(made.folder / "test_labels" / f"{test}.b2nd", set_voxel(3))
    problems = failed(tiny.card(), made)
    assert f"{test}.b2nd: label values 0 to 3" in problems["values"]


def test_nan_is_found(tiny, made):
    rewrite(made.image_file("tiny_2"), set_voxel(np.nan))
    assert "tiny_2.b2nd: contains NaN" in failed(tiny.card(), made)["values"]


def test_another_shape_is_found(tiny, made):
    rewrite(made.image_file("tiny_2"), lambda array: array[:, :-1].copy())
    assert "tiny_2.b2nd: shape" in failed(tiny.card(), made)["geometry"]


def test_a_missing_a_foreign_and_a_damaged_file_are_named(tiny, made):
    made.image_file("tiny_3").unlink()
    (made.folder / "pool_labels" / "tiny_99.b2nd").write_bytes(b"")
    made.image_file("tiny_4").write_bytes(b"no volume")
    problems = failed(tiny.card(), made)
    assert "tiny_3.b2nd: missing" in problems["files"]
    assert "tiny_99.b2nd: unexpected" in problems["files"]
    assert "tiny_3.b2nd: no such file" in problems["geometry"]
    assert "tiny_4.b2nd: not a readable volume" in problems["geometry"]
    assert "checksum" in problems


def test_another_card_is_found(tiny, made):
    card = tiny.card(channels={"MRI": "ct"}, cases=9)
    problems = failed(card, made)
    assert {"card", "cases"} <= set(problems)
    assert problems["cases"] == "6 pool and 2 test cases, but Tiny has 9 cases"


def test_other_plans_are_found(tiny, made):
    plans = json.loads(made.plans_file.read_text())
    plans["configurations"]["3d_fullres"]["spacing"] = [1, 1, 1]
    made.plans_file.write_text(json.dumps(plans))
    assert "spacing [1, 1, 1]" in failed(tiny.card(), made)["plans"]
    made.plans_file.write_text("[]")
    assert "not nnU-Net's plans" in failed(tiny.card(), made)["plans"]


def test_plans_that_were_changed_are_found(tiny, made):
    plans = json.loads(made.plans_file.read_text())
    plans["configurations"]["3d_fullres"]["batch_size"] = 7
    made.plans_file.write_text(json.dumps(plans))
    problems = failed(tiny.card(), made)
    assert set(problems) == {"plans"}
    assert f"{made.plans_file}: changed since it was prepared; remove" in problems["plans"]


@pytest.mark.parametrize("name", ["dataset.json", "dataset_fingerprint.json"])
def test_another_description_or_fingerprint_is_found(tiny, made, name):
    (made.folder / name).write_text((made.folder / name).read_text() + " ")
    assert f"{name}: changed" in failed(tiny.card(), made)["plans"]


def rewrite_info(made, **changes):
    file = made.folder / "prepared.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | changes))


def test_data_of_another_protocol_are_found(tiny, made):
    rewrite_info(made, protocol_version="0.1")
    problems = failed(tiny.card(), made)
    assert set(problems) == {"card"}
    assert "prepared under protocol 0.1, but this is 1.0; prepare it again" in problems["card"]


def test_data_that_were_prepared_before_plans_were_compared_pass(tiny, made):
    rewrite_info(made, planned={})
    findings = verify(tiny.card(), PreparedDataset(made.folder), lambda *_: None)
    assert all(finding.ok for finding in findings)
    (plans,) = [finding.detail for finding in findings if finding.what == "plans"]
    assert "not compared: prepared before" in plans


def test_a_volume_with_a_flipped_byte_is_named(tiny, made):
    file = made.image_file("tiny_4")
    content = bytearray(file.read_bytes())
    for place in range(len(content) // 2, len(content), 200):
        content[place] ^= 255
    file.write_bytes(content)
    problems = failed(tiny.card(), made)
    assert "tiny_4.b2nd: not a readable volume" in problems["geometry"]


def test_a_case_on_the_wrong_side_is_found(tiny, made):
    file = made.folder / "prepared.json"
    content = json.loads(file.read_text())
    content["pool"][0], content["test"][0] = content["test"][0], content["pool"][0]
    file.write_text(json.dumps(content))
    problems = failed(tiny.card(), made)
    assert {"split", "checksum", "test set"} <= set(problems)
    assert problems["test set"].startswith("neither the authors' split nor the rule's")


def test_an_unprepared_dataset_is_one_line(tiny, tmp_path):
    with pytest.raises(UserError, match="not prepared; run nnactive-bench data prepare tiny"):
        verify(tiny.card(), PreparedDataset(tmp_path / "tiny"), lambda *_: None)


def voxels_of(tiny, made, factor=1.0):
    counts = sum(
        np.bincount(made.test_label(case.id).ravel(), minlength=3) for case in made.info.test
    )
    classes = [int(n * factor) for n in counts[1:]]
    return {"voxels": int(counts.sum()), "classes": classes}


def test_the_test_set_tells_whose_split_it_is(tiny, made):
    known = voxels_of(tiny, made)
    other = {"voxels": known["voxels"] + 1, "classes": known["classes"]}

    def told(**fingerprints):
        findings = verify(tiny.card(fingerprints=fingerprints), made, lambda *_: None)
        return findings[-1].ok, findings[-1].detail.partition(":")[0]

    assert told(authors_test=known) == (True, "the authors' split")
    assert told(authors_test=other, rule_test=known) == (True, "the rule's split")
    assert told(authors_test=other) == (True, "the rule's split")
    impossible = {"voxels": 3 * known["voxels"], "classes": known["classes"]}
    assert told(authors_test=impossible) == (False, "not this dataset")
    classless = {"voxels": known["voxels"], "classes": [known["classes"][0], 1000]}
    assert told(authors_test=classless) == (False, "not this dataset")
    neither = (False, "neither the authors' split nor the rule's")
    assert told(authors_test=other, rule_test=other) == neither


def test_the_authors_list_must_give_the_authors_voxels(tiny, made, tmp_path):
    listed = [case.id for case in made.info.test]
    (tiny.datasets / "tiny" / "split.json").write_text(json.dumps({"test": listed}))
    known = voxels_of(tiny, made)
    split = {"kind": "authors", "file": "split.json"}
    card = tiny.card(split=split, fingerprints={"authors_test": known})
    prepare(card, tiny.raw, tmp_path / "again" / "tiny", 1, lambda *_: None)
    dataset = PreparedDataset(tmp_path / "again" / "tiny")
    assert failed(card, dataset) == {}
    other = {"voxels": known["voxels"] + 1, "classes": known["classes"]}
    card = tiny.card(split=split, fingerprints={"authors_test": other})
    assert set(failed(card, dataset)) == {"test set"}


def published(tiny, made):
    """Facts about each case, as if known from its publication."""
    known = {}
    for number in range(1, 9):
        label = tiny.case(number)[1]
        voxels = [int(n) for n in np.bincount(label.ravel(), minlength=3)[1:]]
        known[f"tiny_{number}"] = {
            "shape": list(label.shape), "spacing": [2.0, 1.0, 1.0], "voxels": voxels
        }  # fmt: skip
    return known


def test_cases_are_compared_with_the_published_ones(tiny, made):
    known = published(tiny, made)
    file = tiny.datasets / "tiny" / "fingerprints.json"

    def told():
        file.write_text(json.dumps(known))
        (found,) = [f for f in verify(tiny.card(), made, lambda *_: None) if f.what == "published"]
        return found.ok, found.detail

    assert told() == (True, "8 cases as published")
    known["tiny_3"]["voxels"][1] += 1
    assert told()[0] is False
    assert told()[1].startswith("case 'tiny_3' has [180, 8] voxels a class, but as published [180,")
    known["tiny_4"]["shape"][0] += 1
    assert "case 'tiny_4' has shape" in told()[1]


def test_totals_are_compared_with_the_published_ones(tiny, made):
    cases = published(tiny, made).values()
    whole = {
        "voxels": sum(int(np.prod(case["shape"])) for case in cases),
        "classes": [sum(case["voxels"][n] for case in cases) for n in (0, 1)],
    }
    card = tiny.card(fingerprints={"all_cases": whole})
    last = verify(card, made, lambda *_: None)[-1]
    assert (last.what, last.ok, last.detail) == ("published", True, "totals as published")
    card = tiny.card(fingerprints={"all_cases": whole | {"voxels": whole["voxels"] + 1}})
    last = verify(card, made, lambda *_: None)[-1]
    assert not last.ok
    assert "voxels in all cases" in last.detail


def test_ids_of_the_card_are_held_against_a_prepared_dataset(tiny, made):
    card = tiny.card(ids=[f"tiny_{number}" for number in (*range(1, 8), 9)])
    problems = failed(card, made)
    assert "case 'tiny_9' is missing (1 in total) and case 'tiny_8' is unknown" in problems["cases"]
    assert "case 'tiny_9' is missing" in problems["split"]


@pytest.mark.parametrize("kind", ["image", "pool_label"])
def test_a_damaged_volume_is_refused_before_it_is_used(made, kind) -> None:
    case = made.info.pool[0].id
    file = (
        made.image_file(case) if kind == "image" else volume_file(made.folder, "pool_labels", case)
    )
    rewrite(file, np.zeros_like)
    with pytest.raises(RefusedError, match=r"isn't what was prepared; remove .*data prepare tiny"):
        getattr(made, kind)(case)
    getattr(made, kind)(made.info.pool[1].id)


def test_what_an_older_version_prepared_is_used_and_sealed_once_it_is_verified(tiny, made) -> None:
    sealed = seal_file(made.folder / "prepared.json")
    before = read_seal(made.folder / "prepared.json")
    assert before is not None
    assert set(before.files) >= {"prepared.json", "plans.json", "images/tiny_1.b2nd"}
    sealed.unlink()
    made.image(made.info.pool[0].id)
    file = made.image_file("tiny_4")
    whole = file.read_bytes()
    rewrite(file, set_voxel(1.5))
    assert failed(tiny.card(), made)
    assert not sealed.exists(), "what is damaged gets no seal"
    file.write_bytes(whole)
    assert not failed(tiny.card(), made)
    after = read_seal(made.folder / "prepared.json")
    assert after is not None
    assert after.files == before.files

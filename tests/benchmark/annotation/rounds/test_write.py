import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from benchmark.annotation.rounds import write
from benchmark.annotation.rounds.model import rounds_of
from benchmark.annotation.rounds.templates import cases
from nnactive.data.prepared import array_digest
from nnactive.errors import UserError
from nnactive.geometry import Patch


def contents(folder: Path) -> dict[str, str]:
    """Hashes of a folder's files by name, without what names the moment."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.name != "index.json"
    }


def voxels(image: SimpleITK.Image) -> np.ndarray:
    return SimpleITK.GetArrayFromImage(image)


def test_a_round_is_sorted_by_image_and_place_and_known_on_both_sides(work) -> None:
    known = work.write()
    assert [each.id for each in known.patches] == ["p01", "p02", "p03", "p04"]
    assert [each.patch.case for each in known.patches] == ["case_a", "case_a", "case_b", "case_c"]
    assert [each.why.rank for each in known.patches] == [4, 2, 3, 1]
    assert rounds_of(work.places) == [known]
    folder = work.places.round(0)
    index, truth = folder / "index.json", work.places.round_file(0)
    assert index.read_text() == truth.read_text()
    names = {file.name for file in folder.iterdir()}
    per_patch = {"{}.mrml", "{}_box.mrk.json", "{}_image.nii.gz", "{}_label.nii.gz"}
    assert {name.format("p03") for name in {*per_patch, "{}_label.seg.nrrd"}} < names
    listed = {"index.csv", "index.json", "labels.txt", "open.sh", "README.txt", "round_00.html"}
    assert listed < names
    assert len(names) == 5 * 4 + len(listed)


def test_each_image_is_read_once_and_each_patch_reported(work, monkeypatch) -> None:
    from nnactive.data.unlabelled import read

    opened, told = [], []
    original = read.read_channels
    monkeypatch.setattr(
        read, "read_channels", lambda f, image: opened.append(image.id) or original(f, image)
    )
    work.write(progress=lambda *step: told.append(step))
    assert opened == work.predicted.reads == ["case_a", "case_b", "case_c"]
    assert told == [("write", done, 4) for done in range(5)]


def test_templates_are_locked_outside_and_hold_the_draft_inside(work) -> None:
    known = work.write()
    for each in known.patches:
        label = voxels(work.read(f"{each.id}_label.nii.gz"))
        inside = np.zeros(label.shape, bool)
        start = np.subtract(each.box.start, each.crop.start)
        inside[tuple(slice(a, a + n) for a, n in zip(start, each.box.size, strict=True))] = True
        assert label.dtype == np.uint8
        assert (label[~inside] == work.project.ignore).all()
        held = label[inside].reshape(each.box.size)
        assert held.max() < work.project.ignore
        assert array_digest(held) == each.template
        same = voxels(work.read(f"{each.id}_label.seg.nrrd"))
        np.testing.assert_array_equal(same, label)
    first = known.patches[0]
    prediction = work.predicted.labels("case_a")[first.box.slices]
    assert first.draft == "prediction"
    assert first.template == array_digest(np.ascontiguousarray(prediction))
    assert len(np.unique(prediction)) == 3


def test_without_drafts_patches_begin_as_background(work) -> None:
    known = work.having(draft="none").write()
    assert {each.draft for each in known.patches} == {"none"}
    assert known.patches[0].why.uncertainty == pytest.approx(0.25)
    each = known.patches[0]
    assert each.template == array_digest(np.zeros(each.box.size, np.uint8))


def test_without_an_ensemble_nothing_is_said_of_it(work) -> None:
    from dataclasses import replace

    known = replace(work, predicted=None).write()
    assert {each.draft for each in known.patches} == {"none"}
    assert known.patches[0].why.uncertainty is None
    assert known.patches[0].why.predicted is None
    assert "--accept" not in (work.places.round(0) / "README.txt").read_text()


def test_shares_are_those_of_the_patch(work) -> None:
    known = work.write()
    each = known.patches[0]
    patch = work.predicted.labels("case_a")[
        tuple(slice(a, a + n) for a, n in zip(each.patch.start, each.patch.size, strict=True))
    ]
    shares = [round((patch == value).mean(), 4) for value in range(3)]
    assert list(each.why.predicted.values()) == shares


def test_a_second_call_changes_nothing_and_opens_nothing(work, monkeypatch) -> None:
    from nnactive.data.unlabelled import read

    known = work.write()
    saved = work.places.round(0) / "p01_label.nii.gz"
    saved.write_bytes(b"what a person saved")
    monkeypatch.setattr(read, "read_channels", None)
    assert work.write() == known
    assert saved.read_bytes() == b"what a person saved"


def test_a_folder_in_the_way_is_never_touched(work) -> None:
    mine = work.places.round(0) / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(UserError, match="in the way of the next round; move it"):
        work.write()
    assert [file.name for file in mine.parent.iterdir()] == ["notes.txt"]


def test_other_patches_than_the_rounds_are_refused(work) -> None:
    work.write()
    work.patches[0] = Patch("case_c", (0, 0, 0), (8, 6, 6))
    with pytest.raises(UserError, match="written for other patches"):
        work.write()


class Killed(BaseException):
    """The process ends here."""


def killing(monkeypatch, target, name, at):
    """End the ``at``-th call of a function before it does anything."""
    original, calls = getattr(target, name), []

    def ends(*args, **kwargs):
        calls.append(args)
        if len(calls) == at:
            raise Killed
        return original(*args, **kwargs)

    monkeypatch.setattr(target, name, ends)


@pytest.mark.parametrize("view", ["crop", "image"])
@pytest.mark.parametrize(
    ("target", "name", "at"),
    [
        (cases, "save", 1),
        (cases, "save", 5),
        (cases, "write_bytes", 2),
        (cases, "write_model", 3),
        (write, "_write_lists", 1),
        (write, "write_text", 3),
        (write, "write_model", 1),  # index.json
        (write, "write_model", 2),  # the round's file
        (write.shutil, "rmtree", 1),
        (Path, "rename", 1),
    ],
)
def test_killed_anywhere_the_same_call_goes_on(work, monkeypatch, target, name, at, view) -> None:
    work = work.having(view=view)
    whole = work.write(1)
    with monkeypatch.context() as patch:
        killing(patch, target, name, at)
        with pytest.raises(Killed):
            work.write()
    assert not work.places.round(0).exists()
    assert not write.is_written(work.places, 0)
    again = work.write()
    assert again.patches == whole.patches
    assert write.is_written(work.places, 0)
    one, other = (contents(work.places.round(number)) for number in (0, 1))
    numbered = {"round_00.html", "round_01.html", "README.txt"}
    assert {k: v for k, v in one.items() if k not in numbered} == {
        k: v for k, v in other.items() if k not in numbered
    }
    assert not list(work.places.root.glob(".*"))


def test_files_that_a_killed_process_left_half_written_are_removed(work, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        killing(patch, write, "_write_lists", 1)
        with pytest.raises(Killed):
            work.write()
    half = work.places.root / ".round_00.draft" / ".index.csv.a1b2c3d4"
    half.write_text("patch,ca")
    work.write()
    assert not list(work.places.round(0).glob(".*"))


def test_what_is_done_is_not_written_again(work, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        killing(patch, cases, "write_model", 4)
        with pytest.raises(Killed):
            work.write()
    work.predicted.reads.clear()
    work.write()
    assert work.predicted.reads == ["case_c"]


def test_other_settings_are_written_anew(work, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        killing(patch, write, "_write_lists", 1)
        with pytest.raises(Killed):
            work.write()
    known = work.having(draft="none").write()
    assert {each.draft for each in known.patches} == {"none"}


def test_no_word_of_a_person_is_in_the_folder(work) -> None:
    for view in ("crop", "image"):
        number = int(view == "image")
        work.having(view=view).write(number)
        for file in work.places.round(number).iterdir():
            content = file.read_bytes()
            if file.name.endswith(".gz"):
                content += gzip.decompress(content)
            assert b"Erika" not in content
            assert str(work.places.root).encode() not in content


def test_an_image_that_has_changed_is_named(work) -> None:
    image = work.image("case_b")
    image.SetSpacing([1, 1, 2])
    SimpleITK.WriteImage(image, str(work.places.root / "images" / "b.mha"))
    with pytest.raises(UserError, match=r"case_b: its spacing is 2, 1, 1, but was 1, 1, 1"):
        work.write()


def test_whole_images_hold_all_their_patches(work) -> None:
    known = work.having(view="image").write()
    first, second, *_ = known.patches
    label = voxels(work.read("case_a_label.nii.gz"))
    assert label.shape == first.crop.size == (12, 30, 28)
    opened = label != work.project.ignore
    expected = np.zeros(label.shape, bool)
    for each in (first, second):
        expected[each.box.slices] = True
        assert array_digest(np.ascontiguousarray(label[each.box.slices])) == each.template
    np.testing.assert_array_equal(opened, expected)
    scene = (work.places.round(0) / "case_a.mrml").read_text()
    assert "p01_box.mrk.json" in scene
    assert "p02_box.mrk.json" in scene
    shown = json.loads((work.places.round(0) / "index.json").read_text())
    assert shown["view"] == "image"

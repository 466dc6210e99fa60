"""Labels that are there from the start: whole images, or boxes of them."""

import shutil

import numpy as np
import pytest
import SimpleITK

from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.labels import partial_label
from nnactive.nnunet.preprocess import resample
from nnactive.oracle.choose import oracle_of
from nnactive.oracle.drawn import current, history
from nnactive.oracle.given import boxes_in
from nnactive.streams import stream

IGNORE = 3


def given(livers, case, label):
    """A label file of a case, in its image's grid."""
    path = livers.root / "given" / f"{case}.nii.gz"
    return {case: livers.write(path, label, int(case[-1]))}


def boxed(label, *boxes):
    """Labels in some boxes only."""
    known = np.full_like(label, IGNORE)
    for box in boxes:
        known[box] = label[box]
    return known


def benchmark(livers, info, case, label):
    image = SimpleITK.ReadImage(str(livers.images / f"{case}.nii.gz"))
    array = SimpleITK.GetArrayFromImage(image)[None]
    return resample(
        array, label.astype(np.int16), image.GetSpacing()[::-1], info.spacing, (0, 1, 2)
    )[1]


@pytest.mark.parametrize("case", ["case_0", "case_1"])
def test_a_complete_label_map_labels_the_whole_image(livers, case):
    label = livers.labels[case]
    info = livers.prepare(given=given(livers, case, label))
    dataset = PreparedDataset(livers.out)
    [patch] = dataset.given
    assert (patch.case, patch.start, patch.size) == (case, (0, 0, 0), dataset.shape(case))
    oracle = oracle_of(dataset, None, 0)
    assert oracle.labelled(dataset.given) == [patch]
    found = oracle.labels(case, [patch])
    np.testing.assert_array_equal(found, benchmark(livers, info, case, label))
    [(folder, drawn)] = current(livers.root / "labels")
    assert (folder.parent.name, folder.name, drawn.how) == ("given", case, "given")


def test_a_label_map_of_four_dimensions_and_one_volume_is_read(livers):
    [file] = given(livers, "case_0", livers.labels["case_0"]).values()
    image = SimpleITK.JoinSeries(SimpleITK.ReadImage(str(file)))
    SimpleITK.WriteImage(image, str(livers.root / "four.nii.gz"))
    info = livers.prepare(given={"case_0": livers.root / "four.nii.gz"})
    assert [patch.size for patch in info.given] == [info.pool[0].shape]


@pytest.mark.parametrize("case", ["case_0", "case_1"])
def test_boxes_label_all_that_depends_on_nothing_else(livers, case):
    label = livers.labels[case]
    boxes = np.s_[2:9, 3:9, 2:9], np.s_[8:11, 9:12, 8:12]
    info = livers.prepare(given=given(livers, case, boxed(label, *boxes)))
    dataset = PreparedDataset(livers.out)
    assert [p.case for p in dataset.given] == [case, case]
    assert {folder.name for folder, _ in current(livers.root / "labels")} == {
        f"{case}@1",
        f"{case}@2",
    }
    found = oracle_of(dataset, None, 0).labels(case, dataset.given)
    wanted = partial_label(benchmark(livers, info, case, label), dataset.given, IGNORE)
    np.testing.assert_array_equal(found, wanted)
    share = (found != IGNORE).sum() / (boxed(label, *boxes) != IGNORE).sum()
    assert share == 1 if case == "case_0" else share > 0.5


def test_killed_while_they_are_kept_nothing_is_kept_twice(livers, monkeypatch):
    files = given(livers, "case_0", boxed(livers.labels["case_0"], np.s_[2:5], np.s_[7:9]))
    files |= given(livers, "case_1", livers.labels["case_1"])

    def killed(now, count, total):
        if (now, count) == ("labels", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        livers.prepare(given=files, progress=killed)
    assert len(list(current(livers.root / "labels"))) == 2
    info = livers.prepare(given=files)
    assert [drawn.number for _, drawn in current(livers.root / "labels")] == [1, 1, 1]
    assert len(info.given) == 3


def test_a_file_that_was_corrected_on_the_way_replaces_what_was_kept(livers):
    def killed(now, count, total):
        if (now, count) == ("labels", 1):
            raise KeyboardInterrupt

    label = livers.labels["case_0"]
    two = given(livers, "case_0", boxed(label, np.s_[2:5], np.s_[7:9]))
    with pytest.raises(KeyboardInterrupt):
        livers.prepare(given=two, progress=killed)
    info = livers.prepare(given=given(livers, "case_0", label))
    [(folder, drawn)] = current(livers.root / "labels")
    assert (folder.name, [drawn.patch]) == ("case_0", list(info.given))
    assert len(list((livers.root / "labels" / "sources").iterdir())) == 2


def test_labels_that_come_after_the_preparation_are_not_passed_over(livers):
    livers.prepare()
    files = given(livers, "case_0", livers.labels["case_0"])
    with pytest.raises(UserError, match="made from another set of given labels; remove"):
        livers.prepare(given=files)
    shutil.rmtree(livers.out)
    assert len(livers.prepare(given=files).given) == 1


def test_prepared_again_they_are_kept_once(livers):
    files = given(livers, "case_0", livers.labels["case_0"])
    first = livers.prepare(given=files)
    shutil.rmtree(livers.root / "work")
    assert livers.prepare(given=files) == first
    [(folder, _)] = current(livers.root / "labels")
    assert len(history(folder)) == 1


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda label: label[1:], "size .* against"),
        (lambda label: np.where(label == 2, 9, label), "has the values 9, but classes are 0 to 2"),
        (lambda label: np.full_like(label, IGNORE), "labels no box"),
        (lambda label: np.where(np.indices(label.shape).sum(0) % 2, label, 3), "than 256 boxes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_line(livers, change, cause):
    files = given(livers, "case_0", change(livers.labels["case_0"]).astype(np.uint8))
    with pytest.raises(UserError, match=rf"given/case_0.nii.gz: [^\n]*{cause}[^\n]*;[^\n]*$"):
        livers.prepare(given=files)
    assert not list(current(livers.root / "labels"))


def test_labels_of_another_place_or_image_are_refused(livers):
    elsewhere = livers.write(livers.root / "moved.nii.gz", livers.labels["case_0"], 2)
    with pytest.raises(UserError, match=r"moved.nii.gz: doesn't match .*case_0.nii.gz: origin"):
        livers.prepare(given={"case_0": elsewhere})
    with pytest.raises(UserError, match="labels 'case_9', which is no image here"):
        livers.prepare(given={"case_9": elsewhere})
    with pytest.raises(UserError, match=r"none.nii.gz: no such file"):
        livers.prepare(given={"case_0": livers.root / "none.nii.gz"})


def test_boxes_fill_a_mask_and_do_not_overlap():
    rng = stream("tests", "boxes")
    mask = np.zeros((9, 10, 11), bool)
    mask[1:5, 2:6, 3:9] = mask[3:8, 4:9, 1:5] = True
    mask &= rng.random(mask.shape) < 0.99
    count = np.zeros(mask.shape, int)
    for (z, y, x), (d, h, w) in boxes_in(mask.copy()):
        count[z : z + d, y : y + h, x : x + w] += 1
    np.testing.assert_array_equal(count, mask)
    box = np.zeros((5, 5, 5), bool)
    box[1:4, 2:5, 0:2] = True
    assert list(boxes_in(box)) == [((1, 2, 0), (3, 3, 2))]

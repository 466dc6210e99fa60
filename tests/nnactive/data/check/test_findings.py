"""Each spoilt dataset gives the finding that says what is wrong, and the whole one gives none."""

import errno
import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero

from nnactive.data.check.case_facts import nonzero_box
from nnactive.data.check.findings import Finding, ordered, summed_up
from nnactive.data.own.add import describe_raw
from nnactive.data.own.check_folder import check_folder
from nnactive.data.own.own_labels import read_mapping

NOTES = {("note", "duplicate")}
"""The label maps are alike, as every second case has the same boxes."""


def test_a_whole_dataset_gives_its_facts_and_no_fault(own, found):
    assert set(found()) == NOTES
    checked = own.check()
    assert [case.id for case in checked.facts] == [f"knee_{n:03d}" for n in range(1, 9)]
    case = checked.facts[0]
    assert (case.shape, case.cropped, case.spacing) == ((10, 12, 12), (10, 12, 12), (1, 1, 1))
    assert (case.orientation, case.boxes) == ("LPS", ((4, 4, 5), (2, 2, 3)))
    assert case.voxels == (1440 - 80 - 12, 80, 12)
    assert (len(checked.sides.pool), len(checked.sides.test)) == (6, 2)


@pytest.mark.parametrize(
    ("factor", "told"),
    [
        (0.001, "voxels of 0.001 x 0.001 x 0.001 mm against 1 x 1 x 1 mm (median)"),
        (0.1, "so the image is 1 x 1.2 x 1.2 mm against 10 x 12 x 12 mm"),
        (40, "so the image is 400 x 480 x 480 mm against"),
    ],
)
def test_a_header_in_another_unit_is_an_error_with_both_spacings(own, found, factor, told):
    own.write(5, spacing=(factor,) * 3)
    (line,) = found()["error", "spacing"]
    assert line.startswith("knee_005_0000.nii.gz: voxels of ")
    assert told in line


def test_a_far_spacing_on_one_axis_and_a_far_size_are_warnings(own, found):
    own.write(5, spacing=(6, 1, 1))
    image, label = own.case(6)
    own.write(6, np.tile(image, (5, 1, 1)), np.tile(label, (5, 1, 1)))
    told = found()
    assert told["warning", "spacing"][0].startswith("knee_005_0000.nii.gz: voxels of 6 x 1 x 1")
    assert told["warning", "size"][0].startswith("knee_006_0000.nii.gz: ")
    assert not any(severity == "error" for severity, _ in told)


def test_headers_that_are_all_in_metres_are_told(own, found):
    for number in range(1, 9):
        own.write(number, spacing=(0.001,) * 3)
    (line,) = found()["warning", "size"]
    assert line.startswith("the images are 0.01 x 0.012 x 0.012 mm (median), with voxels of 0.001")
    assert line.endswith("; are the headers in millimetres?")


def test_another_orientation_is_told(own, found):
    own.write(3, direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1))
    (line,) = found()["warning", "orientation"]
    assert line.startswith("knee_003_0000.nii.gz: its axes point to RAS, those of 7 cases to LPS")


def test_an_empty_channel_of_one_case_is_told(own, found):
    own.describe(channel_names={"0": "T1", "1": "T2"})
    for number in range(1, 9):
        shutil.copy(own.image(number), own.image(number, 1))
    own.write(4)
    own.put(own.image(4, 1), 0 * own.case(4)[0])
    assert found()["warning", "channel"] == ["knee_004_0001.nii.gz: channel 'T2' is 0 everywhere"]


@pytest.mark.parametrize(("scheme", "severity"), [("CT", "warning"), ("MRI", "note")])
def test_another_range_of_intensities_is_told(own, found, scheme, severity):
    own.describe(channel_names={"0": scheme})
    own.write(4, own.case(4)[0] * 100)
    (line,) = found()[severity, "intensity"]
    assert f"channel '{scheme}' has values" in line


def test_what_the_crop_removes_of_a_class_is_told(own, found):
    image, _ = own.case(2)
    image[:4] = 0
    own.write(2, image)
    (line,) = found()["warning", "crop"]
    assert line.startswith("knee_002_0000.nii.gz: 40 of 80 voxels of class 'bone' (50%) lie where")
    (facts,) = [case for case in own.check().facts if case.id == "knee_002"]
    assert (facts.cropped, facts.lost) == ((6, 12, 12), (4 * 144 - 40, 40, 0))


def test_the_box_is_nnunets():
    rng = np.random.default_rng(5)
    for _ in range(20):
        image = np.zeros((2, 6, 7, 8), np.float32)
        image[tuple(rng.integers(0, image.shape, (4, 4)).T)] = -1
        cropped, _, box = crop_to_nonzero(image)
        assert image[(slice(None), *nonzero_box(image))].shape == cropped.shape
        assert [[axis.start, axis.stop] for axis in nonzero_box(image)] == box


def without(own, numbers, value=2):
    for number in numbers:
        label = own.case(number)[1]
        own.write(number, label=np.where(label == value, 0, label).astype(np.uint8))


def test_a_class_that_no_test_case_has_cant_be_scored(own, found):
    test = [int(case[-3:]) for case in own.check().sides.test]
    without(own, test)
    assert found()["warning", "unscored"] == [
        "class 'tear' is in no test case, so it can't be scored: Mean Dice is that of bone"
    ]
    without(own, test[:1])
    own.write(test[1])
    told = found()
    assert ("warning", "unscored") not in told
    assert told["note", "class"] == [
        "class 'tear' is in one test case only, which alone decides its Dice"
    ]


def test_a_class_of_too_few_pool_cases_is_an_error(own, found):
    without(own, range(1, 9))
    (line,) = found()["error", "class"]
    assert line == (
        "class 'tear': occurs in no label map; remove 'tear' from 'labels' in dataset.json and "
        "give --map 2=0"
    )
    own.write(int(own.check().sides.pool[0][-3:]))
    assert "occurs in 1 of 6 pool cases, but 2 are required" in found()["error", "class"][0]


def test_the_way_to_leave_a_class_out_is_open(own, found):
    for number in range(1, 9):
        own.write(number, label=np.where(own.case(number)[1] == 2, 2, 0).astype(np.uint8))
    own.write(int(own.check().sides.pool[0][-3:]))
    (line,) = found()["error", "class"]
    assert "occurs in 1 of 6 pool cases, but 2 are required; give more cases that have it" in line
    assert line.endswith("remove 'bone' from 'labels' in dataset.json and give --map 1=0,2=1")
    own.describe(labels={"background": 0, "tear": 2})
    card = describe_raw(own.raw, mapping=read_mapping("1=0,2=1"))
    checked = check_folder(card, own.raw, lambda *_: None)
    assert not [finding for finding in checked.findings if finding.severity == "error"]
    assert all(case.voxels[1] for case in checked.facts)


def test_label_maps_without_background_are_told_as_such(own, found):
    for number in range(1, 9):
        own.write(number, label=np.maximum(own.case(number)[1], 1))
    (line,) = found()["error", "class"]
    assert line.startswith("0 of 6 pool cases have a voxel that is background (value 0), but 2 are")


def test_single_slices_are_an_error_before_any_preparation(own, found):
    for number in range(1, 9):
        image, label = own.case(number)
        own.write(number, image[3:4], label[3:4])
    (line,) = found()["error", "size"]
    assert line.startswith("8 of 8 images are single slices; volumes of one slice can't be trained")


def test_a_file_that_may_not_be_read_is_told_by_name(own, found, monkeypatch):
    whole = Path.open

    def refused(path, *arguments, **options):
        if path == own.image(2):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    assert found()["error", "file"] == [f"{own.image(2)}: Permission denied; make it readable"]


def test_the_same_image_counts_by_content_in_any_type_and_file(own, found):
    pool = [int(case[-3:]) for case in own.check().sides.pool]
    image, _ = own.case(pool[0])
    own.write(pool[1], image.astype(np.float64))
    assert ("warning", "duplicate") in found()


def test_the_same_image_twice_is_an_error_across_the_split_and_a_warning_within(own, found):
    sides = own.check().sides
    pool, test = ([int(case[-3:]) for case in side] for side in (sides.pool, sides.test))
    own.write(pool[1], *own.case(pool[0]))
    assert found()["warning", "duplicate"] == [
        f"knee_{pool[0]:03d}, knee_{pool[1]:03d} have the same image"
    ]
    own.write(pool[1])
    own.write(test[0], *own.case(pool[0]))
    (line,) = found()["error", "duplicate"]
    assert line.endswith("have the same image, in the pool and in the test set; remove all but one")


def test_every_fault_is_listed_not_the_first(own, found):
    own.image(2).write_bytes(own.image(2).read_bytes()[:-50])
    own.label(2).unlink()
    own.image(3).write_bytes(b"")
    label = own.case(4)[1]
    label[0, 0, 0] = 7
    own.write(4, 0 * own.case(4)[0], label)
    own.describe(numTraining=9)
    told = found()
    lines = "\n".join(told["error", "file"])
    for file, cause in (
        (own.image(2), "truncated"), (own.label(2), "missing"), (own.image(3), "empty file"),
        (own.image(4), "every voxel is 0"), (own.label(4), "label values 7"),
    ):  # fmt: skip
        assert f"{file}: " in lines
        assert cause in lines
    assert len(told["error", "file"]) == 5
    assert "8 cases, but Dataset601_Knees has 9" in told["error", "cases"][0]


def rename(own, names):
    for number, name in zip(range(1, 9), names, strict=True):
        own.image(number).rename(own.image(number).with_name(f"{name}_0000.nii.gz"))
        own.label(number).rename(own.label(number).with_name(f"{name}.nii.gz"))


def test_patients_on_both_sides_are_an_error_until_they_are_grouped(own, found):
    rename(own, [f"patient{n // 2 + 1:02d}_scan{n % 2}" for n in range(8)])
    (line,) = found()["error", "patient"]
    assert line.startswith("patient 'patient0")
    assert "is in the pool and in the test set" in line
    assert "--group" in line
    assert ("error", "patient") not in found(group="^(patient[0-9]+)_")
    assert ("error", "patient") not in found(group="(.+)")


def test_findings_are_summed_up_by_kind():
    findings = [
        Finding(severity="warning", kind="crop", cases=(f"c{n}",), detail=f"c{n} loses")
        for n in (3, 1, 2, 5, 4)
    ]
    (one,) = summed_up(findings)
    assert one.detail == "c1 loses; 4 more of this kind (c1, c2, c3 and 2 more)"
    assert one.cases == ("c1", "c2", "c3", "c4", "c5")
    error = Finding(severity="error", kind="z", detail="x")
    assert ordered([*findings, error])[0] == error


def test_surplus_bytes_are_an_error(own, found):
    content = gzip.decompress(own.label(3).read_bytes())
    own.label(3).write_bytes(gzip.compress(content[:352] + bytes(24) + content[352:]))
    (told,) = found()["error", "surplus"]
    assert told.startswith("knee_003.nii.gz: has 24 bytes more than its header announces")


def test_many_label_maps_without_a_class_are_one_warning(own, found):
    own.write(1, label=np.zeros((10, 12, 12), np.uint8))
    assert ("warning", "empty") not in found()
    own.write(2, label=np.zeros((10, 12, 12), np.uint8))
    (told,) = found()["warning", "empty"]
    assert told.startswith("2 of 8 label maps have no class at all, only background (knee_001, ")


def test_a_label_map_in_an_images_place_is_an_error(own, found):
    shutil.copy(own.label(4), own.image(4))
    (told,) = found()["error", "file"]
    assert told == (
        f"{own.image(4)}: its voxels are those of the label map, knee_004.nii.gz; put the image in "
        "its place"
    )

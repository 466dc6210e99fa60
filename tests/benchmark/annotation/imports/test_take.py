"""`annotate import` from the folder of a round to the labels that are kept."""

import shutil
from pathlib import Path

import numpy as np
import projects
import pytest
import SimpleITK
from imported import imports, inside, kept, listing, of, outcomes, run
from projects import build, date

from benchmark.annotation.imports import importing
from nnactive.errors import UserError
from nnactive.io.files import sha256
from nnactive.oracle.drawn import current


def test_drawn_patches_are_kept_and_untouched_ones_asked_about(tmp_path: Path) -> None:
    built = build(tmp_path)
    file = built.draw("p02")
    before = listing(built.places.round(0))
    report = run(built)
    assert outcomes(report) == {
        "round_00/p01": "open", "round_00/p02": "imported", "round_00/p03": "open"
    }  # fmt: skip
    assert report.exit_code == 0
    assert report.ask is not None
    assert f"nnactive-bench annotate import {tmp_path} --empty p01,p03" in report.ask
    assert "--accept" not in report.ask  # round 0 has no draft
    (drawn,) = imports(built, "p02")
    assert drawn.box == built.patch("p02").box
    assert drawn.patch == built.patch("p02").patch
    assert (drawn.how, drawn.saved) == ("drawn", "2026-11-30T13:00:00Z")
    assert drawn.imported == "2026-11-30T14:00:00Z"
    assert drawn.sha256 == sha256(file)
    assert (built.places.labels / "sources" / f"{drawn.sha256}.nii.gz").read_bytes() == (
        file.read_bytes()
    )
    np.testing.assert_array_equal(kept(built, "p02"), inside(built, "p02"))
    assert listing(built.places.round(0)) == before


def test_the_same_again_is_nothing_new_and_a_correction_is_kept_beside(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    file = built.draw("p01")
    run(built)
    again = run(built)
    assert outcomes(again)["round_00/p01"] == "kept"
    assert len(imports(built, "p01")) == 1
    array = built.drawn("p01")
    array[built.template("p01") == 0] = 1
    patch = built.patch("p01")
    built.save(file, array, "case_001", patch.crop.start)
    assert outcomes(run(built))["round_00/p01"] == "corrected"
    first, second = imports(built, "p01")
    assert (first.number, second.number) == (1, 2)
    assert first.labels != second.labels
    assert (kept(built, "p01") == 1).all()
    assert [drawn.number for _, drawn in current(built.places.labels)] == [2]


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha", ".seg.nrrd"])
def test_any_format_is_taken(tmp_path: Path, ending: str) -> None:
    built = build(tmp_path)
    built.draw("p03", ending)
    report = run(built)
    assert outcomes(report)["round_00/p03"] == "imported"
    np.testing.assert_array_equal(kept(built, "p03"), inside(built, "p03"))


@pytest.mark.parametrize("kind", [np.int64, np.float32, np.float64, np.int16, np.uint16])
def test_any_type_of_whole_numbers_is_taken(tmp_path: Path, kind: type) -> None:
    built = build(tmp_path)
    patch = built.patch("p01")
    array = built.drawn("p01").astype(kind)
    built.save(built.label_file("p01"), array, "case_001", patch.crop.start)
    assert outcomes(run(built))["round_00/p01"] == "imported"
    np.testing.assert_array_equal(kept(built, "p01"), inside(built, "p01"))


@pytest.mark.parametrize("axes", ["RAS", "LPS", "SPL", "ILA", "PIR"])
def test_a_file_whose_axes_run_otherwise_lies_where_it_lies(tmp_path: Path, axes: str) -> None:
    built = build(tmp_path)
    file = built.draw("p01")
    turned = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(file)), axes)
    SimpleITK.WriteImage(turned, str(file))
    assert outcomes(run(built))["round_00/p01"] == "imported"
    np.testing.assert_array_equal(kept(built, "p01"), inside(built, "p01"))


def test_a_fourth_axis_of_one_is_none(tmp_path: Path) -> None:
    built = build(tmp_path)
    image = SimpleITK.ReadImage(str(built.draw("p01")))
    SimpleITK.WriteImage(SimpleITK.JoinSeries([image]), str(built.label_file("p01", ".mha")))
    shutil.copy(built.label_file("p02"), built.label_file("p01"))
    built.save(
        built.label_file("p01"), built.template("p01"), "case_001", built.patch("p01").crop.start
    )
    assert outcomes(run(built))["round_00/p01"] == "imported"


def test_a_whole_image_is_cut_to_the_boxes(tmp_path: Path) -> None:
    built = build(tmp_path)
    whole = np.zeros(built.grid("case_001").shape, np.uint8)
    for patch_id in ("p01", "p02"):
        whole[built.patch(patch_id).box.slices] = inside(built, patch_id)
    built.save(built.places.round(0) / "case_001.nii.gz", whole, "case_001", (0, 0, 0))
    report = run(built)
    assert of(report, "imported") == ["p01", "p02"]
    assert report.warnings == ()
    np.testing.assert_array_equal(kept(built, "p02"), inside(built, "p02"))


def test_a_whole_image_in_a_patchs_file_is_cut_too(tmp_path: Path) -> None:
    built = build(tmp_path)
    whole = np.zeros(built.grid("case_002").shape, np.uint8)
    whole[built.patch("p03").box.slices] = inside(built, "p03")
    built.save(built.label_file("p03"), whole, "case_002", (0, 0, 0))
    assert of(run(built), "imported") == ["p03"]


def test_of_a_whole_images_template_one_patch_can_be_done(tmp_path: Path) -> None:
    built = build(tmp_path, view="image")
    file = built.places.round(0) / "case_001_label.nii.gz"
    whole = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file)))
    whole[built.patch("p02").box.slices] = inside(built, "p02")
    whole[0, 0, :3] = 1
    built.save(file, whole, "case_001", (0, 0, 0))
    report = run(built)
    assert of(report, "imported") == ["p02"]
    assert of(report, "open") == ["p01", "p03"]
    assert report.warnings == ("p02: 3 labelled voxels outside its box left out",)


def test_a_segmentation_of_a_whole_image_is_no_surprise(tmp_path: Path) -> None:
    built = build(tmp_path / "project", view="image")
    whole = np.ones(built.grid("case_002").shape, np.uint8)
    whole[built.patch("p03").box.slices] = inside(built, "p03")
    file = built.save(tmp_path / "mine.nii.gz", whole, "case_002", (0, 0, 0))
    report = run(built, images={"case_002": file})
    assert of(report, "imported") == ["p03"]
    assert report.warnings == ()


def test_a_misnamed_whole_image_is_to_get_its_templates_name(tmp_path: Path) -> None:
    built = build(tmp_path, view="image")
    whole = np.ones(built.grid("case_002").shape, np.uint8)
    built.save(built.places.round(0) / "case_002_segmentation.nii.gz", whole, "case_002", (0, 0, 0))
    assert "rename it to case_002_label.nii.gz" in run(built).of("refused")[0].text


def test_a_file_from_elsewhere_is_taken_by_its_name_or_by_the_image_that_is_said(
    tmp_path: Path,
) -> None:
    built = build(tmp_path / "project", rounds=2)
    patch = built.patch("p01", 0)
    file = tmp_path / "p01_label.nii.gz"  # of round 0: that is where it lies
    built.save(file, built.drawn("p01", 0), "case_001", patch.crop.start)
    assert of(run(built, file), "imported") == ["p01"]
    assert len(imports(built, "p01", 0)) == 1
    whole = np.zeros(built.grid("case_002").shape, np.uint8)
    whole[built.patch("p03", 1).box.slices] = inside(built, "p03", 1)
    other = built.save(tmp_path / "export.nii.gz", whole, "case_002", (0, 0, 0))
    report = run(built, images={"case_002": other})
    assert of(report, "imported") == ["p03", "p03"]


def test_a_later_save_in_another_format_is_the_correction(tmp_path: Path) -> None:
    built = build(tmp_path)
    built.draw("p01")
    run(built)
    patch = built.patch("p01")
    array = built.drawn("p01")
    array[patch.box.start[0] - patch.crop.start[0], 4, 4] = 2
    built.save(built.label_file("p01", ".seg.nrrd"), array, "case_001", patch.crop.start)
    assert of(run(built), "corrected") == ["p01"]
    assert of(run(built), "corrected") == []


def test_what_is_odd_is_imported_with_a_warning(tmp_path: Path) -> None:
    built = build(tmp_path)
    patch = built.patch("p01")
    array = built.drawn("p01")
    z, y, x = np.subtract(patch.box.start, patch.crop.start)
    array[z : z + 4, y : y + 8, x : x + 6] = 1
    array[z + 1, y + 2, x + 2] = 0
    array[z + 2, y + 6, x + 7] = 1
    array[0, 0, 0] = 2
    built.save(built.label_file("p01"), array, "case_001", patch.crop.start)
    fills = built.drawn("p03")
    fills[fills != built.project.ignore] = 2
    built.save(built.label_file("p03"), fills, "case_002", built.patch("p03").crop.start)
    report = run(built)
    assert of(report, "imported") == ["p01", "p03"]
    assert report.warnings == (
        f"p01: a speck of liver (1 voxel) beside one of 191, at z {z + 2}, y {y + 6}, x {x + 7}",
        f"p01: a hole of background in liver (1 voxel), at z {z + 1}, y {y + 2}, x {x + 2}",
        "p01: 1 labelled voxel outside its box left out",
        "p03: tumour fills it: 100.0% of its voxels",
    )


def test_a_class_of_another_intensity_is_told(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=3)
    for number in range(3):
        for patch_id in ("p01", "p02", "p03"):
            patch = built.patch(patch_id, number)
            file = built.places.round(number) / f"{patch_id}_image.nii.gz"
            image = built.drawn(patch_id, number).astype(np.int16) * 100
            if (patch_id, number) == ("p03", 2):
                image[...] = 900
            built.save(file, image, patch.patch.case, patch.crop.start)
            built.draw(patch_id, number=number)
    warnings = run(built).warnings
    assert warnings[0] == (
        "p03: liver has a mean intensity of 900; in 8 other patches it is about 100 (100 to 100)"
    )
    assert len(warnings) == 1


def test_a_date_that_cant_be_right_isnt_counted(tmp_path: Path) -> None:
    built = build(tmp_path)
    file = built.draw("p01")
    date(file, "2026-12-01T13:00:00+00:00")
    report = run(built)
    assert imports(built, "p01")[0].saved is None
    (warning,) = report.warnings
    assert warning == (
        "p01: round_00/p01_label.nii.gz was saved after now, so clocks differ, by its date; its "
        "minutes aren't counted"
    )


def test_files_of_the_same_wrong_date_are_told_in_one_line(tmp_path: Path) -> None:
    built = build(tmp_path)
    for patch_id in ("p01", "p02", "p03"):
        date(built.draw(patch_id), "2020-01-01T13:00:00+00:00")
    (warning,) = run(built).warnings
    assert warning == (
        "p01, p02, p03: 3 files were saved before the round was written, by their dates; their "
        "minutes aren't counted"
    )


@pytest.mark.parametrize("moment", ["keep_source", "keep"])
def test_killed_it_is_completed_by_the_next(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(tmp_path)
    for patch_id in ("p01", "p02"):
        built.draw(patch_id)
    calls = []

    def dies(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(*arguments)

    original = getattr(importing, moment)
    monkeypatch.setattr(importing, moment, dies)
    with pytest.raises(KeyboardInterrupt):
        run(built)
    monkeypatch.undo()
    assert outcomes(run(built)) == {
        "round_00/p01": "kept", "round_00/p02": "imported", "round_00/p03": "open"
    }  # fmt: skip


def test_a_file_that_vanishes_is_refused_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(tmp_path)
    built.draw("p01")
    built.draw("p02")

    def gone(labels: Path, file: Path) -> Path:
        if file.name.startswith("p01"):
            file.unlink()
        return original(labels, file)

    original = importing.keep_source
    monkeypatch.setattr(importing, "keep_source", gone)
    report = run(built)
    assert (of(report, "refused"), of(report, "imported")) == (["p01"], ["p02"])


def test_two_imports_at_once_are_one(tmp_path: Path) -> None:
    from nnactive.io.leases import lease

    built = build(tmp_path)
    with lease(tmp_path / "work" / "import.lease"), pytest.raises(UserError, match="at work"):
        run(built)


def test_without_a_round_it_says_what_comes_first(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no round to import; run: .* annotate next"):
        run(build(tmp_path, rounds=0))


def test_the_same_labels_in_two_files_are_one_import(tmp_path: Path) -> None:
    built = build(tmp_path)
    built.draw("p01")
    built.draw("p01", ".seg.nrrd")
    shutil.copy(built.label_file("p01"), built.places.round(0) / "p01_label backup.nii.gz")
    report = run(built)
    assert (report.exit_code, of(report, "imported")) == (0, ["p01"])
    assert len(imports(built, "p01")) == 1
    report = run(built)
    assert (report.exit_code, of(report, "kept")) == (0, ["p01"])


def test_axes_that_arent_at_right_angles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a CT whose gantry was tilted; templates are NRRD then."""
    tilted = (1.0, 0.0, 0.0, 0.0, 1.0, 0.2588, 0.0, 0.0, 0.9659)
    monkeypatch.setattr(projects, "OBLIQUE", tilted)
    built = build(tmp_path)
    for file in built.places.round(0).iterdir():
        file.unlink()
    built.draw("p01", ".nrrd")
    report = run(built)
    assert of(report, "imported") == ["p01"], report.lines
    np.testing.assert_array_equal(kept(built, "p01"), inside(built, "p01"))

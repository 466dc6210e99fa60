"""Labels in files that aren't read as they are: their patches stay open, and a person is told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from projects import build

from benchmark.annotation.imports.take import import_labels

NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["p01_label.tif", "p01_label.hdr", "p01_label.GIPL.gz", "p01_label"]
)
def test_a_format_that_isnt_read_is_named_and_not_taken_for_an_empty_patch(
    tmp_path: Path, name: str
) -> None:
    built = build(tmp_path)
    (built.places.round(0) / name).write_bytes(b"labels")
    for options in ({}, {"empty": ["all"]}, {"empty": ["p01"]}):
        report = import_labels(built.places, built.project, now=NOW, **options)
        (line,) = report.of("refused")
        assert line.text == (
            f"round_00/{name}: isn't of a format that is read; save it as p01_label.nii.gz"
        )
        assert report.exit_code == 2
        assert "p01" not in {each.patch for each in report.of("imported")}


def test_once_its_patch_is_labelled_such_a_file_is_left_alone(tmp_path: Path) -> None:
    built = build(tmp_path)
    built.draw("p01")
    (built.places.round(0) / "p01_label.tif").write_bytes(b"an export for something else")
    for _ in range(2):
        assert import_labels(built.places, built.project, now=NOW).exit_code == 0


def test_of_a_whole_image_it_is_told_once(tmp_path: Path) -> None:
    built = build(tmp_path, view="image")
    (built.places.round(0) / "case_001_label.nii.bz2").write_bytes(b"labels")
    (line,) = import_labels(built.places, built.project, now=NOW).of("refused")
    assert line.text.endswith("save it as case_001_label.nii.gz")


def test_a_header_alone_is_refused_as_the_voxels_beside_it_would_not_be_kept(
    tmp_path: Path,
) -> None:
    built = build(tmp_path)
    built.draw("p01", ".mhd")
    report = import_labels(built.places, built.project, now=NOW)
    (line,) = report.of("refused")
    assert line.text == (
        "round_00/p01_label.mhd: stores its voxels in another file; save it as .nii.gz or .mha"
    )


def test_nobody_is_told_to_call_an_image_a_label(tmp_path: Path) -> None:
    built = build(tmp_path)
    image = built.label_file("p01").with_name("p01_image.nii.gz")
    built.label_file("p01").rename(image)
    report = import_labels(built.places, built.project, files=[image], now=NOW)
    (line,) = report.of("refused")
    assert line.text == (
        "round_00/p01_image.nii.gz: has the name of an image; give the labels that belong to it"
    )

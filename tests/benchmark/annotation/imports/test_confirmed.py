"""What `annotate import` asks about, and what `--empty` and `--accept` confirm."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import SimpleITK
from imported import NOW, imports, kept, of, outcomes, run
from projects import build, date


def test_a_named_file_without_a_class_is_asked_about(tmp_path: Path) -> None:
    built = build(tmp_path)
    whole = np.zeros(built.grid("case_002").shape, np.uint8)
    file = built.save(tmp_path / "case_002.nii.gz", whole, "case_002", (0, 0, 0))
    (line,) = run(built, file).lines
    assert (line.outcome, line.patch) == ("open", "p03")
    assert line.text == "no voxel of a class in its box"


def test_empty_and_accepted_patches(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    report = run(built, empty=["p01, round_00/p03"], accept=["p02"])
    assert report.exit_code == 0, report.lines
    assert [imports(built, "p01", 1)[0].how, imports(built, "p03", 0)[0].how] == ["empty"] * 2
    assert not kept(built, "p01", 1).any()
    assert imports(built, "p02", 1)[0].how == "accepted"
    assert (kept(built, "p02", 1) == 1).sum() == 32
    assert imports(built, "p02", 1)[0].saved is None
    assert run(built, empty=["p01"], accept=["p02"]).of("imported") == ()
    assert report.ask is not None
    drafted, classless = report.ask.splitlines()
    assert drafted.endswith("--accept p03")
    assert classless.endswith("--empty round_00/p01,round_00/p02")


def test_all_means_the_open_ones(tmp_path: Path) -> None:
    built = build(tmp_path)
    built.draw("p02")
    report = run(built, empty=["all"])
    assert of(report, "imported") == ["p01", "p02", "p03"]
    assert [imports(built, p)[0].how for p in ("p01", "p02", "p03")] == ["empty", "drawn", "empty"]


def test_an_erased_draft_is_asked_about(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    patch = built.patch("p01", 1)
    array = built.drawn("p01", 1, classes=False)
    built.save(built.label_file("p01", number=1), array, "case_001", patch.crop.start)
    report = run(built)
    assert outcomes(report)["round_01/p01"] == "open"
    assert report.ask is not None
    drafted, classless = report.ask.splitlines()
    assert drafted.endswith("--accept p02,p03")
    assert classless.endswith("--empty round_00/p01,round_00/p02,round_00/p03,p01")
    assert outcomes(run(built, empty=["p01"]))["round_01/p01"] == "imported"


def test_all_leaves_out_drafts_with_classes(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    patch = built.patch("p01", 1)
    array = built.drawn("p01", 1, classes=False)
    built.save(built.label_file("p01", ".seg.nrrd", 1), array, "case_001", patch.crop.start)
    assert of(run(built, empty=["all"]), "imported") == ["p01"]  # its other file has the draft
    assert of(run(built, accept=["all"]), "imported") == ["p02", "p03"]


def test_a_segmentation_without_segments_is_asked_about(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    nothing = SimpleITK.GetImageFromArray(np.zeros((1, 1, 1), np.uint8))
    SimpleITK.WriteImage(nothing, str(built.label_file("p01", ".seg.nrrd", 1)))
    (line,) = [
        each for each in run(built).lines if each.round == "round_01" and each.patch == "p01"
    ]
    assert (line.outcome, line.text) == (
        "open", "no voxel of a class in its box"
    )  # fmt: skip
    assert imports(built, "p01", 1) == []
    run(built, empty=["p01"])
    assert imports(built, "p01", 1)[0].how == "empty"


def test_many_patches_are_confirmed_with_one_word(tmp_path: Path) -> None:
    from benchmark.annotation.imports.importing import _option

    assert _option([f"p{n:02d}" for n in range(13)]) == "all"
    assert _option(["round_00/p01", *(f"p{n:02d}" for n in range(13))]).startswith("round_00/p01,")


def test_what_was_confirmed_waits_for_a_file_that_is_wrong(tmp_path: Path) -> None:
    built = build(tmp_path)
    built.label_file("p01", ".seg.nrrd").write_text("damaged")
    report = run(built, empty=["p01", "all"])
    assert of(report, "refused") == ["p01"]
    assert of(report, "imported") == ["p02", "p03"]
    assert report.ask is None


def test_a_named_file_says_nothing_of_other_patches(tmp_path: Path) -> None:
    built = build(tmp_path)
    report = run(built, built.draw("p01"), empty=["p02"])
    assert outcomes(report) == {"round_00/p01": "imported", "round_00/p02": "imported"}


def test_labels_that_were_erased_after_their_import_stay_until_that_is_confirmed(
    tmp_path: Path,
) -> None:
    built = build(tmp_path)
    file = built.places.round(0) / "p02_label.nii.gz"
    written = file.read_bytes()
    built.draw("p02")
    run(built)
    drawn = kept(built, "p02")
    file.write_bytes(written)
    date(file, (NOW - timedelta(hours=1)).isoformat())
    assert not any("p02" in each for each in run(built).warnings)  # older than its import: a backup
    date(file, (NOW + timedelta(seconds=30)).isoformat())
    (warning,) = (each for each in run(built).warnings if "p02" in each)
    assert "--empty p02" in warning
    assert (kept(built, "p02") == drawn).all()
    assert of(run(built, empty=["p02"]), "corrected") == ["p02"]
    assert not kept(built, "p02").any()


def test_a_draft_that_was_saved_again_after_its_import_is_confirmed_with_accept(
    tmp_path: Path,
) -> None:
    built = build(tmp_path, rounds=2)
    file = built.label_file("p02", number=1)
    written = file.read_bytes()
    built.draw("p02", number=1)
    run(built)
    file.write_bytes(written)
    date(file, (NOW + timedelta(seconds=30)).isoformat())
    (warning,) = (each for each in run(built).warnings if "p02" in each)
    assert warning.endswith("if its draft is right, confirm with --accept p02")
    assert of(run(built, accept=["p02"]), "corrected") == ["p02"]

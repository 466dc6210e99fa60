"""Wrong label files: each is refused in one line with file, cause and way out."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from imported import NOW
from projects import build, date
from spoiled import (
    Wrong,
    both,
    changed,
    colours,
    drawn,
    flipped,
    image_as_label,
    locked,
    other_image,
    other_place,
    partly_ignored,
    put,
    raw,
    renamed,
    replaced,
    segments,
    spoiled,
    stack,
    turned,
    two_layers,
    whole_without_box,
    with_values,
)

from benchmark.annotation.imports.files import read
from benchmark.annotation.imports.take import import_labels

FILE = "round_00/p01_label.nii.gz: "


GRID = "export it on the grid of p01_image"


CLASSES = "the project's are 0 background, 1 liver, 2 tumour"


WRONG = {
    "other size": Wrong(
        lambda b: put(b, np.pad(drawn(b), ((0, 1), (0, 0), (0, 0)))),
        f"{FILE}has 10 x 14 x 14 voxels (z, y, x), not 9 x 14 x 14; {GRID}",
    ),
    "cropped": Wrong(
        lambda b: put(b, drawn(b)[1:-1, 1:-1, 1:-1], (1, 1, 1)),
        f"{FILE}has 7 x 12 x 12 voxels (z, y, x), not 9 x 14 x 14; {GRID}",
    ),
    "cropped, its place lost": Wrong(
        lambda b: put(b, drawn(b)[:, 1:, :]),
        f"{FILE}has 9 x 13 x 14 voxels (z, y, x), not 9 x 14 x 14; {GRID}",
    ),
    "resampled": Wrong(
        lambda b: changed(b, lambda i: SimpleITK.BinShrink(i, [1, 2, 2])),
        f"{FILE}",
    ),
    "other spacing": Wrong(
        lambda b: changed(b, lambda i: i.SetSpacing((1, 1, 1))),
        f"{FILE}has the spacing 1 x 1 x 1 mm (z, y, x), not 3 x 1 x 1; {GRID}",
    ),
    "shifted by a voxel": Wrong(
        lambda b: put(b, drawn(b), (0, 0, 1)),
        f"{FILE}is shifted by 1 voxel along x; {GRID}",
    ),
    "shifted by half a voxel": Wrong(
        lambda b: put(b, drawn(b), (0.5, 0, -2)),
        f"{FILE}is shifted by 0.5 voxels along z and -2 voxels along x; {GRID}",
    ),
    "origin lost": Wrong(
        lambda b: changed(b, lambda i: i.SetOrigin((0, 0, 0))),
        f"{FILE}is shifted by ",
    ),
    "other direction": Wrong(
        lambda b: changed(b, turned),
        f"{FILE}has another direction: its axes are turned by 36.9 degrees; {GRID}",
    ),
    "flipped": Wrong(
        lambda b: changed(b, flipped),
        f"{FILE}is flipped along x; {GRID}",
    ),
    "four dimensions": Wrong(
        lambda b: changed(b, stack),
        f"{FILE}has 4 dimensions (2 x 9 x 14 x 14); save one three-dimensional label map",
    ),
    "a slice": Wrong(
        lambda b: changed(b, lambda i: i[:, :, 3]),
        f"{FILE}is two-dimensional (14 x 14); save the whole volume, not a slice",
    ),
    "colours": Wrong(
        lambda b: changed(b, colours),
        f"{FILE}has 3 values per voxel (a colour picture or probabilities); save one label map "
        "with a number for each class",
    ),
    "probabilities": Wrong(
        lambda b: put(b, drawn(b).astype(np.float32) / 4),
        f"{FILE}has values that aren't whole, from 0 to 0.75 (probabilities, or smoothed labels); "
        "save a label map",
    ),
    "NaN": Wrong(
        lambda b: with_values(b, 1, np.nan, kind=np.float32),
        f"{FILE}contains NaN or infinite values; save it again as whole numbers",
    ),
    "negative values": Wrong(
        lambda b: with_values(b, -1, 2),
        f"{FILE}has the value -1 in p01's box, which is no class; {CLASSES}",
    ),
    "0 and 255": Wrong(
        lambda b: with_values(b, 255, 255),
        f"{FILE}has the value 255 in p01's box, which is no class; {CLASSES}",
    ),
    "another project's classes": Wrong(
        lambda b: with_values(b, 4, 7),
        f"{FILE}has the values 4, 7 in p01's box, which are no class; {CLASSES}",
    ),
    "huge values": Wrong(
        lambda b: with_values(b, 3e9, 1, kind=np.int64),
        f"{FILE}has the value 3000000000 in p01's box, which is no class; {CLASSES}",
    ),
    "all ignored": Wrong(
        lambda b: spoiled(b, lambda a: a.fill(3)),
        f"{FILE}has the ignore value 3 everywhere in p01's box (4 x 8 x 8); label everything "
        "inside the box (0: background)",
    ),
    "partly ignored": Wrong(
        lambda b: spoiled(b, partly_ignored),
        f"{FILE}has the ignore value 3 at 2 of 256 voxels of p01's box, the first at "
        "z 3, y 8, x 8; label everything inside the box (0: background)",
    ),
    "moved within its frame": Wrong(
        lambda b: put(b, np.roll(drawn(b), 1, axis=2)),
        f"{FILE}its labelled box is shifted by 1 voxel along x, so that 32 voxels of p01 have the "
        "ignore value 3; export it without moving it",
    ),
    "no bytes": Wrong(lambda b: raw(b, b""), f"{FILE}has 0 bytes; save it again"),
    "truncated": Wrong(
        lambda b: raw(b, lambda content: content[:-40]),
        f"{FILE}truncated or damaged, or still being written; save it again",
    ),
    "compressed twice": Wrong(
        lambda b: raw(b, gzip.compress),
        f"{FILE}gzip-compressed twice; unpack it once with gunzip",
    ),
    "not what .gz says": Wrong(
        lambda b: raw(b, bytes(range(256)) * 4),
        f"{FILE}is no image (no NIfTI header); save the labels in this format",
    ),
    "text": Wrong(
        lambda b: raw(b, b"to be done"),
        f"{FILE}truncated or damaged, or still being written; save it again",
    ),
    "a folder": Wrong(
        lambda b: replaced(b, Path.mkdir),
        f"{FILE}is a folder; save the labels as a file of this name",
    ),
    "a dangling link": Wrong(
        lambda b: replaced(b, lambda file: file.symlink_to("gone.nii.gz")),
        f"{FILE}is a link to a file that isn't there; save the labels themselves",
    ),
    "another name": Wrong(
        lambda b: renamed(b, "p01_label_final.nii.gz"),
        "round_00/p01_label_final.nii.gz: isn't the name of a patch or image of round_00, but lies "
        "in p01's place; rename it to p01_label.nii.gz",
    ),
    "an unknown patch": Wrong(
        lambda b: renamed(b, "p99_label.nii.gz"),
        "round_00/p99_label.nii.gz: isn't the name of a patch or image of round_00, but lies in "
        "p01's place; rename it to p01_label.nii.gz",
    ),
    "an unknown patch, nowhere": Wrong(
        lambda b: put(b, drawn(b), (1, 0, 0), "p99"),
        "round_00/p99_label.nii.gz: isn't the name of a patch or image of round_00 (p01 to p03), "
        "nor in the place of one; export it on the grid of its image, and name it after that",
    ),
    "capital letters": Wrong(
        lambda b: renamed(b, "p01_label.NII.GZ"),
        "round_00/p01_label.NII.GZ: has capital letters in its ending; rename it to "
        "p01_label.nii.gz",
    ),
    "another patch's": Wrong(
        other_place,
        f"{FILE}lies in p02's place; save it as p02_label.nii.gz, and p01's labels here",
    ),
    "another image's": Wrong(
        other_image,
        f"{FILE}has 12 x 20 x 22 voxels (z, y, x), not 9 x 14 x 14: it has the grid of image "
        f"case_002; {GRID}",
    ),
    "two that differ": Wrong(
        both,
        "round_00/p01_label.nii.gz, round_00/p01_label.nrrd: were both changed, and differ in 8 "
        "voxels of the box; move away those that don't count",
    ),
    "unknown segment": Wrong(
        lambda b: segments(b, "Liver", "Segment_2", "ignored"),
        "round_00/p01_label.seg.nrrd: has the segment 'Segment_2', which is no class; rename it to "
        "one of liver, tumour, or delete it",
    ),
    "segments that overlap": Wrong(
        lambda b: segments(b, "liver", "tumour", layers=two_layers(b)),
        "round_00/p01_label.seg.nrrd: has 1 voxel in two segments, the first at z 3, y 8, x 8; "
        "remove it from one (in the Segment Editor: Modify other segments: Overwrite all)",
    ),
    "a part of its image": Wrong(
        whole_without_box,
        "round_00/case_002.nii.gz: doesn't cover p03's box: it has slices 0 to 3, 0 to 19 and 0 to "
        "21 (z, y, x), the box is in 3 to 6, 6 to 13 and 6 to 13; export it on the whole image",
    ),
    "the image": Wrong(
        image_as_label,
        f"{FILE}has ",
    ),
    "open elsewhere": Wrong(
        locked,
        f"{FILE}is still being written or open elsewhere (.~lock.p01_label.nii.gz#); close it "
        "there and import again",
    ),
    "empty, with labels": Wrong(
        lambda b: put(b, drawn(b)),
        f"{FILE}has 40 voxels of classes in p01's box, so --empty p01 doesn't fit; leave that "
        "out, or erase them and save",
        {"empty": ["p01"]},
    ),
    "a draft that there isn't": Wrong(
        lambda b: None,
        "--accept p01: p01 had no draft; label it, or confirm that it holds no class with "
        "--empty p01",
        {"accept": ["p01"]},
    ),
    "a draft that was changed": Wrong(
        lambda b: b.draw("p01", number=1),
        "round_01/p01_label.nii.gz: isn't the draft any more, so --accept p01 doesn't fit; "
        "leave that out, and it is imported as it is",
        {"accept": ["p01"]},
        rounds=2,
    ),
    "no template to confirm": Wrong(
        lambda b: b.label_file("p01").unlink(),
        "--empty p01: the template isn't there any more; save p01's labels as p01_label.nii.gz",
        {"empty": ["p01"]},
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_refused_in_one_line_and_the_rest_imported(
    tmp_path: Path, kind: str
) -> None:
    wrong = WRONG[kind]
    built = build(tmp_path, rounds=wrong.rounds)
    if kind != "a part of its image":
        built.draw("p03")
    wrong.spoil(built)
    report = import_labels(built.places, built.project, now=NOW, **wrong.options)
    lines = [line.text for line in report.of("refused")]
    assert len(lines) == 1, lines
    if wrong.told.endswith((".", " ")):
        assert lines[0].startswith(wrong.told)
    else:
        assert lines[0] == wrong.told
    assert "\n" not in lines[0]
    assert "; " in lines[0]
    assert report.exit_code == 2
    done = {line.patch for line in report.of("imported")}
    assert done == ({"p03"} if kind != "a part of its image" else set())


def test_there_are_enough_ways_to_be_wrong() -> None:
    assert len(WRONG) >= 30


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "I/O")])
def test_a_file_that_cant_be_read(
    tmp_path: Path, error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(tmp_path)
    put(built, drawn(built))

    def fails(file: Path) -> str:
        if file.name == "p01_label.nii.gz":
            raise error
        return "0"

    monkeypatch.setattr(read, "sha256", fails)
    report = import_labels(built.places, built.project, now=NOW)
    (line,) = report.of("refused")
    assert line.text == f"{FILE}can't be read ({error.strerror}); allow it, then import again"


def test_a_file_that_is_saved_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build(tmp_path)
    put(built, drawn(built))
    original = read.sha256

    def grows(file: Path) -> str:
        digest = original(file)
        if file.name == "p01_label.nii.gz":
            put(built, drawn(built))
            date(file, "2026-11-30T13:30:00+00:00")
        return digest

    monkeypatch.setattr(read, "sha256", grows)
    (line,) = import_labels(built.places, built.project, now=NOW).of("refused")
    assert line.text == f"{FILE}is still being written; import again once it is saved"


@pytest.mark.parametrize("names", [("liver", "tumour", "ignored"), (" Liver", "TUMOUR", "Outside")])
def test_segments_count_by_name_and_may_be_cropped(tmp_path: Path, names: tuple[str, ...]) -> None:
    built = build(tmp_path)
    segments(built, *names)
    file = built.label_file("p01", ".seg.nrrd")
    image = SimpleITK.ReadImage(str(file))
    renumbered = SimpleITK.ChangeLabel(image, {1: 7, 2: 1, 3: 0})
    for key in image.GetMetaDataKeys():
        if not key.startswith("ITK"):
            renumbered.SetMetaData(key, image.GetMetaData(key))
    renumbered.SetMetaData("Segment0_LabelValue", "7")
    renumbered.SetMetaData("Segment1_LabelValue", "1")
    renumbered.SetMetaData("Segment2_LabelValue", "3")
    array = SimpleITK.GetArrayFromImage(renumbered)
    held = np.argwhere(array)
    low, high = held.min(axis=0), held.max(axis=0) + 1
    extent = renumbered[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))[::-1]]
    for key in renumbered.GetMetaDataKeys():
        extent.SetMetaData(key, renumbered.GetMetaData(key))
    SimpleITK.WriteImage(extent, str(file), useCompression=True)
    report = import_labels(built.places, built.project, now=NOW)
    assert report.exit_code == 0, report.lines
    (line,) = report.of("imported")
    assert line.text == ("round_00/p01_label.seg.nrrd: 216 background, 32 liver, 8 tumour voxels")

"""Files of a round's folder by their names."""

from pathlib import Path

import pytest
from projects import Built, build

from benchmark.annotation.imports.files.names import aim_of, lock_of, look, stem_of, wrong_case
from benchmark.annotation.rounds.model import Round, rounds_of


@pytest.fixture
def built(tmp_path: Path) -> Built:
    return build(tmp_path)


def first(built: Built) -> Round:
    return rounds_of(built.places)[0]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("p07_label.nii.gz", "p07_label"),
        ("p07_label.seg.nrrd", "p07_label"),
        ("p07_label.v2.nrrd", "p07_label.v2"),
        ("p07_label.NII.GZ", "p07_label"),
        ("p07.mrml", None),
        ("p07_box.mrk.json", None),
    ],
)
def test_a_stem_has_no_ending(name: str, stem: str | None) -> None:
    assert stem_of(name) == stem


def test_endings_are_in_small_letters() -> None:
    assert wrong_case("P07_label.Nii.gz") == "P07_label.nii.gz"
    assert wrong_case("P07_label.nii.gz") is None


def test_what_the_folder_shows_comes_first(built: Built) -> None:
    crops = first(built)
    renamed = [
        each.model_copy(update={"patch": each.patch.model_copy(update={"case": "p01"})})
        for each in crops.patches
    ]
    both = crops.model_copy(update={"patches": tuple(renamed)})
    assert aim_of("p01_label", both) == ("patch", "p01")
    assert aim_of("p01", both) == ("case", "p01")
    assert aim_of("p01_label", both.model_copy(update={"view": "image"})) == ("case", "p01")
    assert aim_of("p09_label", both) is None


def test_other_files_are_left_alone(built: Built) -> None:
    folder = built.places.round(0)
    for name in (".p01_label.nii.gz", "~p01_label.nii.gz", "p01_label.nii.gz~", "notes.txt"):
        (folder / name).write_text("")
    for name in ("case_001.nii.gz", "other.nrrd"):
        (folder / name).write_text("")
    found = look(folder, first(built))
    assert {key: len(files) for key, files in found.patches.items()} == dict.fromkeys(
        ("p01", "p02", "p03"), 1
    )
    assert list(found.cases) == ["case_001"]
    assert [file.name for file in found.strays] == ["other.nrrd"]


@pytest.mark.parametrize(
    "name",
    [
        ".~lock.p01_label.nii.gz#",
        "~p01_label.nii.gz",
        "~$p01_label.nii.gz",
        "p01_label.nii.gz.part",
        "p01_label.nii.gz.lock",
    ],
)
def test_a_lock_names_its_file(built: Built, name: str) -> None:
    folder = built.places.round(0)
    assert lock_of(folder / "p01_label.nii.gz") is None
    (folder / name).write_text("")
    assert lock_of(folder / "p01_label.nii.gz") == name
    assert lock_of(folder / "p02_label.nii.gz") is None

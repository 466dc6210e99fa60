import shutil
from pathlib import Path

import pytest
from scans import PATIENT, UID, image, write, write_series

from nnactive.data.unlabelled.find import find_images
from nnactive.data.unlabelled.read import read_channels
from nnactive.errors import UserError


def ids(found):
    return [image.id for image in found.images]


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")
    return folder


def refusal(folder: Path, csv: Path | None = None) -> str:
    with pytest.raises(UserError) as told:
        find_images(folder, csv)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("name", ["a b.nii.gz", "it's.nii", "{x}.nrrd", "50%.mha", "Größe.vtk"])
def test_one_file_is_an_image(tmp_path, name):
    found = find_images(touch(tmp_path, name))
    (only,) = found.images
    assert only.files == (name,)
    assert only.id == name.split(".")[0]
    assert found.channels == 1


def test_what_lies_beside_images_is_left_out(tmp_path):
    touch(tmp_path, "a.nii.gz", ".b.nii.gz", "__MACOSX/c.nii.gz", "a.json", "notes.txt", "a.png")
    touch(tmp_path, "a_seg.nii.gz", "labelsTr/a.nii.gz", "Segmentation.seg.nrrd", "x/mask.nii")
    found = find_images(tmp_path)
    assert ids(found) == ["a"]
    assert any("label maps" in note and ": 4 (" in note for note in found.notes)
    assert any("1 pictures" in note for note in found.notes)


def test_nnunets_names_give_channels(tmp_path):
    touch(tmp_path, *(f"imagesTr/{c}_000{n}.nii.gz" for c in ("b", "a") for n in range(2)))
    found = find_images(tmp_path)
    assert found.channels == 2
    assert ids(found) == ["a", "b"]
    assert found.images[0].files == ("imagesTr/a_0000.nii.gz", "imagesTr/a_0001.nii.gz")
    (tmp_path / "imagesTr/b_0001.nii.gz").unlink()
    assert "1 of 2 images lack a channel that others have: b (the first lacks _0001)" in refusal(
        tmp_path
    )


def test_case_numbers_of_four_digits_are_no_channels(tmp_path):
    found = find_images(touch(tmp_path, "knee_0001.nii.gz", "knee_0002.nii.gz"))
    assert ids(found) == ["knee_0001", "knee_0002"]
    assert found.channels == 1
    touch(tmp_path, *(f"knee_{n:04d}.nii.gz" for n in range(40)))
    assert "channel 39 of 'knee' by its name" in refusal(tmp_path)


def test_one_image_a_folder_is_called_as_its_folder(tmp_path):
    found = find_images(touch(tmp_path, "p1/ct.nii.gz", "site b/p2/ct.nii.gz"))
    assert ids(found) == ["p1", "site b_p2"]
    assert any("name persons" in note for note in found.notes)
    assert ids(find_images(touch(tmp_path / "x", "p1/ct1.nii", "p2/ct2.nii"))) == ["ct1", "ct2"]


@pytest.mark.parametrize(
    "names",
    [
        ("p1/p1_t1.nii", "p1/p1_t2.nii", "p2/p2_t1.nii", "p2/p2_t2.nii"),
        ("p1_t1.nii", "p1_t2.nii", "p2_t1.nii", "p2_t2.nii"),
        ("p1/t1.nii", "p1/t2.nii", "p2/t1.nii", "p2/t2.nii"),
    ],
)
def test_names_that_may_be_channels_are_asked_about(tmp_path, names):
    assert "of 2 images by their names, each with t1, t2: channels," in refusal(
        touch(tmp_path, *names)
    )


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("a.nii", "a.nii.gz"), "a.nii and a.nii.gz: two files of one image"),
        (("a.nii", "a_0000.nii"), "two files of one image"),
        (("a.nii", "A.nii"), "differ only in capitals"),
        (("a.NII.GZ",), "write all endings in small letters"),
        (("a.nii", "a (1).nii"), "a second copy of a file"),
        (("a.hdr",), "a.img: missing"),
        (("-a.nii",), "choose one that can be a file's name"),
        (("a.png",), "1 two-dimensional pictures, but no volume"),
        (("a.txt",), "holds no image; give volumes in .nii.gz"),
        (("labels/a.nii",), "only label maps by their names, such as labels/a.nii"),
    ],
)
def test_names_that_cant_be_taken_are_refused_in_one_line(tmp_path, names, told):
    assert told in refusal(touch(tmp_path, *names))


def test_files_that_arent_there(tmp_path):
    assert "no such folder" in refusal(tmp_path / "none")
    (tmp_path / "a.nii").touch()
    assert "empty file" in refusal(tmp_path)
    (tmp_path / "a.nii").unlink()
    (tmp_path / "a.nii").symlink_to(tmp_path / "gone.nii")
    assert "which doesn't exist" in refusal(tmp_path)


def test_a_linked_folder_is_entered_once(tmp_path):
    touch(tmp_path / "there", "a.nii")
    (tmp_path / "images").mkdir()
    (tmp_path / "images/link").symlink_to(tmp_path / "there")
    (tmp_path / "there/loop").symlink_to(tmp_path / "images")
    assert ids(find_images(tmp_path / "images")) == ["a"]


def test_dicom_series_are_numbered_and_nobody_is_named(tmp_path):
    for number, name in enumerate(("Doe_Jane", "Abe_John/study/1"), 1):
        write_series(tmp_path / name, image(number), uid=f"{UID}{number}")
    touch(tmp_path, "DICOMDIR", "Doe_Jane/readme.txt")
    found = find_images(tmp_path)
    assert ids(found) == ["image_001", "image_002"]
    assert [i.files for i in found.images] == [("Abe_John/study/1",), ("Doe_Jane",)]
    assert [i.series for i in found.images] == [f"{UID}2", f"{UID}1"]
    assert PATIENT not in repr(found)
    assert len(found.notes) == 1


def test_several_series_in_a_folder_are_images_and_are_told(tmp_path):
    write_series(tmp_path, image(1))
    write_series(tmp_path, image(2), uid=f"{UID}2")
    write_series(tmp_path, image(3, (1, 8, 10)), uid=f"{UID}3")
    write_series(tmp_path, image(4), uid=f"{UID}4", modality="SEG")
    found = find_images(tmp_path)
    assert ids(found) == ["image_001", "image_002"]
    assert found.images[0].files == (".",)
    assert any("2 series, each taken as an image" in note for note in found.notes)
    assert any("a single slice" in note for note in found.notes)
    assert any("of modality SEG" in note for note in found.notes)


def test_files_without_an_image_are_told_and_damaged_ones_refused(tmp_path):
    folder = write_series(tmp_path, image(1))
    whole = (folder / "1_01.dcm").read_bytes()
    (folder / "2_00.dcm").write_bytes(whole[:300])
    found = find_images(tmp_path)
    assert len(found.images) == 1
    assert any("DICOM files without an image in" in note for note in found.notes)
    (folder / "2_00.dcm").write_bytes(whole[:-40])
    assert "2_00.dcm: truncated or damaged" in refusal(tmp_path)


def test_series_without_a_uid_are_told_apart_by_their_folders(tmp_path):
    for name in "ab":
        for file in write_series(tmp_path / name, image(1)).iterdir():
            content = file.read_bytes()
            assert content.count(UID.encode()) > 1
            file.write_bytes(content.replace(b"\x20\0\x0e\0", b"\x20\0\x0f\0"))
    found = find_images(tmp_path)
    assert [i.series for i in found.images] == ["", ""]
    assert all(len(read_channels(tmp_path, i)) == 1 for i in found.images)


def test_a_series_in_two_folders_is_refused(tmp_path):
    write_series(tmp_path / "a", image(1))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert "has slices of the series that is in" in refusal(tmp_path)


def test_a_folder_with_no_volume_says_why(tmp_path):
    write_series(tmp_path, image(1, (1, 8, 10)))
    assert "a single slice" in refusal(tmp_path)


def test_a_table_names_images_and_channels(tmp_path):
    touch(tmp_path, "images/x.nii", "images/deep er/y.nii.gz", "images/z.mha", "images/w.nrrd")
    csv = tmp_path / "images.csv"
    csv.write_text("t1;ID;t2\nx.nii;b;deep er/y.nii.gz\n\nimages/z.mha;a;images/w.nrrd\n")
    found = find_images(tmp_path / "images", csv)
    assert ids(found) == ["a", "b"]
    assert found.channel_names == ("t1", "t2")
    assert found.channels == 2
    assert found.images[1].files == ("x.nii", "deep er/y.nii.gz")


def test_a_table_takes_series_by_a_file_of_them(tmp_path):
    write_series(tmp_path / "one", image(1))
    write_series(tmp_path / "two", image(2), uid=f"{UID}2")
    write_series(tmp_path / "two", image(3), uid=f"{UID}3")
    file = next((tmp_path / "two").glob("3_*"))
    csv = tmp_path / "images.csv"
    csv.write_text(f"id,ct\nmine,one\nyours,two/{file.name}\n")
    found = find_images(tmp_path, csv)
    assert [(i.id, i.files, i.series) for i in found.images] == [
        ("mine", ("one",), UID),
        ("yours", ("two",), f"{UID}3"),
    ]
    csv.write_text("id,ct\nmine,two\n")
    assert "2 DICOM series; name a file of the right one" in refusal(tmp_path, csv)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "first line must name a column 'id'"),
        ("name,ct\na,x.nii\n", "first line must name a column 'id'"),
        ("id,ct\n", "names no image"),
        ("id,ct\na,\n", "line 2: no file for channel 'ct'"),
        ("id,ct\na,gone.nii\n", "line 2: gone.nii: no such file"),
        ("id,ct\na,x.nii,y.nii\n", "line 2: 3 cells, not 2"),
        ("id,ct\na,x.nii\nb,x.nii\n", "line 3: x.nii is also named in line 2"),
        ("id,ct\na,x.nii\na,y.nii\n", "case 'a' occurs 2 times"),
        ("id,ct\na/b,x.nii\n", "choose one that can be a file's name"),
        ("id,ct\na,notes.txt\n", "notes.txt is no image that is read"),
        ("id,ct\na,../out.nii\n", "isn't below"),
    ],
)
def test_a_wrong_table_is_refused_by_its_line(tmp_path, text, told):
    touch(tmp_path, "in/x.nii", "in/y.nii", "in/notes.txt", "out.nii")
    csv = tmp_path / "in/images.csv"
    csv.write_text(text)
    assert told in refusal(tmp_path / "in", csv)


def test_formats_that_arent_checked_are_told(tmp_path):
    write(tmp_path / "a.vtk", image(1))
    assert any(".vtk" in note and "unnoticed" in note for note in find_images(tmp_path).notes)

"""Every import is kept, and killed in the middle it leaves none."""

import numpy as np
import pytest
import SimpleITK

from nnactive.data.unlabelled.source import Box, Grid
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import sha256
from nnactive.io.queries import PatchRecord
from nnactive.oracle import keep as module
from nnactive.oracle.drawn import current, folder_of, history, voxels_file
from nnactive.oracle.keep import Drawing, keep, keep_source, read_voxels

GRID = Grid(
    shape=(8, 9, 10),
    spacing=(2.5, 0.5, 0.75),
    origin=(-3.0, 4.0, 5.0),
    direction=(0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, -1.0),
)
BOX = Box(start=(1, 2, 3), size=(2, 3, 4))


def drawing(labels, tmp_path, voxels=None, how="drawn", content=b"a person's file"):
    file = tmp_path / "p07_label.seg.nrrd"
    file.write_bytes(content)
    return Drawing(
        patch=PatchRecord(case="a", start=(0, 0, 0), size=(2, 2, 2)),
        box=BOX,
        grid=GRID,
        voxels=np.arange(24).reshape(BOX.size) % 3 if voxels is None else voxels,
        classes=4,
        how=how,
        source=keep_source(labels, file),
        imported="2026-11-30T18:20:36Z",
    )


def test_an_import_is_kept_with_its_file_and_its_place(tmp_path):
    labels = tmp_path / "labels"
    drawn = keep(labels, "round_03", "p07", drawing(labels, tmp_path))
    assert (drawn.number, drawn.voxels, drawn.source) == (1, (8, 8, 8, 0), ".seg.nrrd")
    source = labels / "sources" / f"{drawn.sha256}{drawn.source}"
    assert source.read_bytes() == b"a person's file"
    assert sha256(source) == drawn.sha256
    [(folder, known)] = current(labels)
    assert (folder, known) == (labels / "round_03" / "p07", drawn)
    image = SimpleITK.ReadImage(str(voxels_file(folder, drawn)))
    whole = SimpleITK.Image([10, 9, 8], SimpleITK.sitkUInt8)
    whole.SetSpacing(GRID.spacing[::-1])
    whole.SetOrigin(GRID.origin)
    whole.SetDirection(GRID.direction)
    place = whole.TransformPhysicalPointToIndex(image.TransformIndexToPhysicalPoint((3, 2, 1)))
    assert place == (6, 4, 2)
    np.testing.assert_allclose(image.GetDirection(), GRID.direction, atol=1e-6)
    np.testing.assert_array_equal(read_voxels(folder, drawn).ravel(), np.arange(24) % 3)


def test_a_correction_counts_and_the_first_import_stays(tmp_path):
    labels = tmp_path / "labels"
    first = keep(labels, "round_00", "p01", drawing(labels, tmp_path))
    empty = drawing(labels, tmp_path, np.zeros(BOX.size, int), "empty", b"template")
    second = keep(labels, "round_00", "p01", empty)
    folder = folder_of(labels, "round_00", "p01")
    assert history(folder) == [first, second]
    assert [known for _, known in current(labels)] == [second]
    assert read_voxels(folder, first).any()
    assert not read_voxels(folder, second).any()
    assert len(list((labels / "sources").iterdir())) == 2


@pytest.mark.parametrize("last", ["_write", "_flush", "write_model"])
def test_killed_in_the_middle_the_import_before_counts(tmp_path, monkeypatch, last):
    labels = tmp_path / "labels"
    first = keep(labels, "round_00", "p01", drawing(labels, tmp_path))
    correction = drawing(labels, tmp_path, np.full(BOX.size, 3), content=b"corrected")

    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, last, killed)
        with pytest.raises(KeyboardInterrupt):
            keep(labels, "round_00", "p01", correction)
    [(folder, known)] = current(labels)
    assert known == first
    assert read_voxels(folder, first).max() == 2
    again = keep(labels, "round_00", "p01", correction)
    assert again.number == 2
    assert (read_voxels(folder, again) == 3).all()


def test_the_same_file_is_kept_once(tmp_path):
    for name in ("a.nii.gz", "b.NII.GZ"):
        (tmp_path / name).write_bytes(b"same")
    kept = {keep_source(tmp_path / "labels", tmp_path / n) for n in ("a.nii.gz", "b.NII.GZ")}
    assert [file.name.split(".", 1)[1] for file in kept] == ["nii.gz"]
    with pytest.raises(UserError, match=r"c.nii.gz: no such file"):
        keep_source(tmp_path / "labels", tmp_path / "c.nii.gz")


def test_a_file_that_is_being_saved_is_not_kept(tmp_path, monkeypatch):
    file = tmp_path / "a.nii.gz"
    file.write_bytes(b"half")
    copy = module.shutil.copyfile

    def saved_meanwhile(source, target):
        source.write_bytes(b"all of it")
        copy(source, target)

    monkeypatch.setattr(module.shutil, "copyfile", saved_meanwhile)
    with pytest.raises(UserError, match="changed while it was read"):
        keep_source(tmp_path / "labels", file)
    assert not list((tmp_path / "labels" / "sources").iterdir())


@pytest.mark.parametrize("damage", [b"", b"no image", None])
def test_damaged_labels_are_named(tmp_path, damage):
    labels = tmp_path / "labels"
    drawn = keep(labels, "round_00", "p01", drawing(labels, tmp_path))
    folder = folder_of(labels, "round_00", "p01")
    file = voxels_file(folder, drawn)
    if damage is None:
        image = SimpleITK.ReadImage(str(file))
        image[0, 0, 0] = 3
        SimpleITK.WriteImage(image, str(file))
    else:
        file.write_bytes(damage)
    with pytest.raises(UserError, match=r"0001.nii.gz: isn't what was imported"):
        read_voxels(folder, drawn)


def test_what_is_no_class_is_not_kept(tmp_path):
    labels = tmp_path / "labels"
    for voxels in (np.full(BOX.size, 4), np.zeros((1, 1, 1), int)):
        with pytest.raises(NnactiveError):
            keep(labels, "round_00", "p01", drawing(labels, tmp_path, voxels))
    assert not list(current(labels))

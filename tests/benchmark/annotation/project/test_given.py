"""Labels that are there: whose they are, whether they fit, and how much they label."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from benchmark.annotation.project.given import given_files, looked_at
from nnactive.data.unlabelled.source import Grid
from nnactive.errors import UserError

IDS = ["a", "b"]
CLASSES = ("liver", "tumour")
SHAPE = (4, 6, 8)
GRID = Grid(
    shape=SHAPE,
    spacing=(3, 1, 1),
    origin=(5, 0, 0),
    direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1),
)


def write(path: Path, array: np.ndarray, grid: Grid = GRID) -> Path:
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(tuple(reversed(grid.spacing)))
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction)
    SimpleITK.WriteImage(image, str(path))
    return path


def look(file: Path) -> object:
    silent = lambda *_: None  # noqa: E731
    return looked_at({"a": file}, {"a": GRID}, {"a": Path("a.nrrd")}, CLASSES, silent)["a"]


def test_a_folder_gives_the_files_that_are_called_as_images_are(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "c.nii.gz", "readme.txt", ".b.nii.gz"):
        (tmp_path / name).touch()
    found, notes = given_files([str(tmp_path), f"b={tmp_path / 'c.nii.gz'}"], IDS)
    assert found == {"a": tmp_path / "a.nii.gz", "b": tmp_path / "c.nii.gz"}
    assert notes == [f"{tmp_path}: no image for c.nii.gz; left out"]


def test_a_raw_dataset_gives_its_label_maps(tmp_path: Path) -> None:
    file = tmp_path / "raw" / "Dataset512_X" / "labelsTr" / "a.nii.gz"
    file.parent.mkdir(parents=True)
    file.touch()
    for folder in (tmp_path / "raw", file.parents[1], file.parent):
        assert given_files([str(folder)], IDS) == ({"a": file}, [])


def test_an_image_has_one_label_file(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").touch()
    with pytest.raises(UserError, match="has two label files"):
        given_files([str(tmp_path), f"a={tmp_path / 'a.nii.gz'}"], IDS)
    (tmp_path / "a.nrrd").touch()
    with pytest.raises(UserError, match="a second label map of image 'a'"):
        given_files([str(tmp_path)], IDS)
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match=r"call them a.nii.gz and so on"):
        given_files([str(tmp_path / "other")], IDS)


def test_a_label_map_is_complete_unless_it_has_the_ignore_value(tmp_path: Path) -> None:
    array = np.zeros(SHAPE, np.uint8)
    array[1:3, 2:5, 2:4] = 2
    whole = look(write(tmp_path / "a.nrrd", array))
    assert whole.complete
    assert whole.labelled == 1
    assert np.isnan(whole.boxes[0]).all()
    assert whole.boxes[1].tolist() == [6, 3, 2]
    array[:1] = 3
    part = look(write(tmp_path / "a.nrrd", array))
    assert not part.complete
    assert part.labelled == 0.75


def test_labels_that_lie_elsewhere_or_mean_something_else_are_refused(tmp_path: Path) -> None:
    array = np.zeros(SHAPE, np.uint8)
    array[0] = 255
    told = "label values 255, but 0 is the background; 1 is liver, 2 is tumour; 3 is what isn't"
    with pytest.raises(UserError, match=told):
        look(write(tmp_path / "a.nrrd", array))
    with pytest.raises(UserError, match="doesn't match"):
        look(write(tmp_path / "a.nrrd", array[:, :, 1:]))
    moved = GRID.model_copy(update={"origin": (9, 0, 0)})
    with pytest.raises(UserError, match="origin"):
        look(write(tmp_path / "a.nrrd", array * 0, moved))

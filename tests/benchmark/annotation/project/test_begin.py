"""`annotate init`: what a project file says, and what is refused before there is one."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from click.testing import CliRunner, Result

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import load_project
from benchmark.cli.main import cli
from nnactive.errors import UserError

SHAPE = (30, 40, 50)
SPACING = (2.0, 1.0, 1.0)


def write(path: Path, array: np.ndarray, spacing: tuple[float, ...] = SPACING) -> Path:
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(tuple(reversed(spacing)))
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(path))
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for number in range(6):
        rng = np.random.default_rng(number)
        write(folder / f"case_{number}_0000.nii.gz", rng.integers(1, 900, SHAPE).astype(np.int16))
    return folder


@pytest.fixture
def label(tmp_path: Path) -> Callable[..., Path]:
    def make(case: str = "case_1", value: int = 1, *, partial: bool = False) -> Path:
        array = np.zeros(SHAPE, np.uint8)
        array[5:15, 10:22, 20:30] = value
        if partial:
            array[20:] = 3
        return write(tmp_path / "known" / f"{case}.nii.gz", array)

    return make


def begun(root: Path, images: Path, *words: str, classes: str = "liver,tumour") -> Result:
    call = ["annotate", "init", str(root), "--images", str(images), "--classes", classes, *words]
    return CliRunner().invoke(cli, call, standalone_mode=False)


def refused(root: Path, images: Path, *words: str, classes: str = "liver,tumour") -> str:
    result = begun(root, images, *words, classes=classes)
    assert isinstance(result.exception, UserError), result.output
    assert not (root / "project.json").exists()
    line = str(result.exception)
    assert "\n" not in line
    return line


def test_the_guideline_chooses_what_is_not_given(images: Path, tmp_path: Path) -> None:
    root = tmp_path / "My Liver"
    result = begun(root, images, "--box", "tumour=10,8,8", "--rounds", "2")
    assert result.exit_code == 0, result.output
    project = load_project(root)
    assert (project.name, project.classes, project.ignore) == ("my_liver", ("liver", "tumour"), 3)
    assert [image.id for image in project.images] == [f"case_{n}" for n in range(6)]
    assert project.patch_mm == (10, 8, 8)
    assert (project.budget, project.rounds, project.training.epochs) == (100, 2, 1000)
    assert (project.method, project.start) == ("clasp_pe", "random_start")
    assert project.folder == str(images)
    assert project.spacing is None
    assert list(project.channels.values()) == ["zscore"]
    assert json.loads((root / "project.json").read_text())["schema_version"] == Project.SCHEMA
    assert "50 for each of 2 classes" in result.output
    assert f"nnactive-bench annotate next '{root}'" in result.output
    assert sorted(path.name for path in root.iterdir()) == ["project.json"]


def test_only_images_and_classes_are_needed_and_the_guess_is_called_one(
    images: Path, tmp_path: Path
) -> None:
    result = begun(tmp_path / "p", images)
    assert load_project(tmp_path / "p").patch_mm == (10, 6.67, 8.33)
    assert "warning: the query patch, 10,6.67,8.33 mm (z,y,x), is a guess" in result.output
    assert "--box liver=Z,Y,X" in result.output


def test_every_choice_can_be_made(images: Path, tmp_path: Path) -> None:
    words = (
        "--patch-mm 12,6,6 --budget 7 --rounds 3 --method power_bald,beta=5 --start typiclust "
        "--epochs 10 --iterations 4 --folds 2 --base-features 8 --batch-size 2 --spacing 2,1,1 "
        "--context-mm 5 --view image --draft none --seed 7 --name mine --channels T1=nonorm"
    )
    assert begun(tmp_path / "p", images, *words.split()).exit_code == 0
    project = load_project(tmp_path / "p")
    assert (project.name, project.seed, project.context_mm) == ("mine", 7, 5)
    assert (project.patch_mm, project.budget, project.rounds) == ((12, 6, 6), 7, 3)
    assert (project.method, project.start) == ("power_bald,beta=5", "typiclust")
    assert (project.view, project.draft, project.spacing) == ("image", "none", (2, 1, 1))
    assert project.channels == {"T1": "nonorm"}
    training = project.training
    assert (training.epochs, training.iterations, training.folds) == (10, 4, 2)
    assert (training.base_features, training.batch_size) == (8, 2)


def test_paths_below_the_project_travel_with_it(
    images: Path, label: Callable[..., Path], tmp_path: Path
) -> None:
    file = label()
    assert begun(tmp_path, images, "--labels", f"case_1={file}").exit_code == 0
    project = load_project(tmp_path)
    assert (project.folder, project.given) == ("images", {"case_1": "known/case_1.nii.gz"})


def test_the_patch_is_measured_in_complete_labels(
    images: Path, label: Callable[..., Path], tmp_path: Path
) -> None:
    label("case_1")
    label("case_2", 2)
    label("case_3", partial=True)
    (tmp_path / "known" / "notes.txt").write_text("seen")
    root = tmp_path / "p"
    result = begun(root, images, "--labels", str(tmp_path / "known"))
    project = load_project(root)
    assert sorted(project.given) == ["case_1", "case_2", "case_3"]
    assert project.patch_mm == (20, 12, 10)  # 10 x 12 x 10 voxels of 2 x 1 x 1 mm
    assert "2 complete, 1 in part" in result.output


def test_the_budget_is_lowered_to_what_fits(images: Path, tmp_path: Path) -> None:
    result = begun(tmp_path / "p", images, "--patch-mm", "30,20,25")
    budget = load_project(tmp_path / "p").budget
    assert 1 <= budget < 100
    assert "the guideline's 100 don't fit" in result.output


def test_few_images_make_a_small_ensemble(images: Path, tmp_path: Path) -> None:
    for number in (3, 4, 5):
        (images / f"case_{number}_0000.nii.gz").unlink()
    result = begun(tmp_path / "p", images)
    assert load_project(tmp_path / "p").training.folds == 3
    assert "warning: only 3 images" in result.output


def test_a_persons_own_method_is_copied_into_the_project(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    own = ("--method", "mine.py:Mine,beta=2", "--start", "mine.py:First")
    assert "no class 'kidney'" in refused(Path("p"), images, *own, "--box", "kidney=5")
    assert not Path("p").exists()
    result = begun(Path("p"), images, *own)
    assert result.exit_code == 0, result.output
    assert re.search(r"mine.py:Mine,beta=2 +--method, copied to methods/", result.output)
    project = load_project(Path("p"))
    assert project.method.startswith("methods/Mine-")
    assert project.method.endswith("/files/mine.py:Mine,beta=2")
    assert project.start.startswith("methods/First-")
    for text in (project.method, project.start):
        assert (Path("p") / text.rpartition(":")[0]).read_text() == "raise SystemExit('imported')"
    Path("p/project.json").unlink()  # to begin again
    assert begun(Path("p"), images, *own).exit_code == 0


def test_a_project_is_begun_once(images: Path, tmp_path: Path) -> None:
    root = tmp_path / "p"
    assert begun(root, images).exit_code == 0
    before = (root / "project.json").read_bytes()
    again = begun(root, images, "--seed", "1")
    assert isinstance(again.exception, UserError)
    assert "a project has begun here" in str(again.exception)
    assert (root / "project.json").read_bytes() == before


@pytest.mark.parametrize("left", ["round_00", "labels", "work"])
def test_what_is_left_of_a_project_is_not_mixed_with_another(
    left: str, images: Path, tmp_path: Path
) -> None:
    (tmp_path / "p" / left).mkdir(parents=True)
    assert "keeps its own files under this name" in refused(tmp_path / "p", images)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--method", "claspe"], "--method: unknown method 'claspe'; choose from bald, "),
        (["--start", "typi"], "--start: unknown method 'typi'; choose from random_start, "),
        (["--method", "random_start"], "is a start method; give it with --start"),
        (["--method", "random_fg66"], "by complete label maps"),
        (["--start", "bald"], "is a query method; give it with --method"),
        (["--start", "random_fg33_start"], "unknown method"),
        (["--method", "power_bald,beta=0"], "--method: power_bald"),
        (["--method", "gone.py:Mine"], "gone.py: no such file"),
        (["--high-variance", "kidney"], "no class 'kidney'"),
        (["--patch-mm", "1,2"], "isn't Z,Y,X in mm"),
        (["--patch-mm", "5", "--box", "liver=5"], "give one"),
        (["--spacing", "x"], "--spacing"),
        (["--budget", "100000"], "--budget: 100000 patches"),
        (["--folds", "7"], "--folds: 7, but there are 6 images"),
        (["--channels", "T1,T2"], "the images have 1 channel"),
        (["--name", "A b"], "--name"),
        (["--labels", "case_9=x.nii.gz"], "no image 'case_9'"),
        (["--labels", "case_1=gone.nii.gz"], "gone.nii.gz: no such file"),
        (["--labels", "gone"], "neither a folder nor ID=FILE"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    words: list[str], told: str, images: Path, tmp_path: Path
) -> None:
    assert told in refused(tmp_path / "p", images, *words)


def test_the_images_folder_must_be_there(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "p", tmp_path / "gone")
    write(tmp_path / "one" / "a_0000.nii.gz", np.ones(SHAPE, np.int16))
    assert "at least 2" in refused(tmp_path / "p", tmp_path / "one")


@pytest.mark.parametrize("kept", [0, 200, 20_000])
def test_a_damaged_image_is_refused_with_the_way_to_go_on_without(
    kept: int, images: Path, tmp_path: Path
) -> None:
    file = images / "case_3_0000.nii.gz"
    file.write_bytes(file.read_bytes()[:kept])
    told = refused(tmp_path / "p", images)
    assert told.startswith(f"{file}: ")
    assert "or leave this image out: move it away, or list the others with --csv" in told


def test_a_folder_that_is_a_file_is_refused(images: Path, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("")
    result = begun(tmp_path / "p", images)
    assert "not a folder" in str(result.exception)

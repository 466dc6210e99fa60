"""A person's project in an image: the folder at /project is all that it needs."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from engines import call

from nnactive.streams import stream

CHOICES = (
    *("--classes", "ball", "--patch-mm", "8,8,8", "--budget", "4", "--rounds", "2"),
    *("--epochs", "1", "--iterations", "2", "--folds", "2", "--base-features", "4"),
    *("--batch-size", "2", "--name", "balls", "--context-mm", "4"),
)
SIZE = 24
RADIUS = 6


def ball() -> np.ndarray:
    """A ball in the middle; bool ``(Z, Y, X)``."""
    return np.sum((np.indices((SIZE,) * 3) - SIZE / 2) ** 2, 0) < RADIUS**2


def draw_images(folder: Path) -> None:
    folder.mkdir()
    for number in range(6):
        noise = stream("images", number).normal(0, 10, (SIZE,) * 3)
        voxels = (100 * ball() + noise).astype(np.int16)
        SimpleITK.WriteImage(
            SimpleITK.GetImageFromArray(voxels), str(folder / f"scan_{number}.nii.gz")
        )


def label_all(round_folder: Path) -> None:
    """Stands in for the person: draws the ball into each template, in place."""
    for patch in json.loads((round_folder / "index.json").read_text())["patches"]:
        file = round_folder / f"{patch['id']}_label.nii.gz"
        template = SimpleITK.ReadImage(str(file))
        label = SimpleITK.GetArrayFromImage(template)
        z, y, x = (
            slice(start, start + size)
            for start, size in zip(patch["crop"]["start"], patch["crop"]["size"], strict=True)
        )
        label[label != 2] = ball()[z, y, x][label != 2]
        drawn = SimpleITK.GetImageFromArray(label)
        drawn.CopyInformation(template)
        SimpleITK.WriteImage(drawn, str(file))


def begin(project: Path) -> None:
    command = [sys.executable, "-m", "benchmark.cli", "annotate", "init", str(project)]
    done = call([*command, "--images", str(project / "images"), *CHOICES])
    assert done.status == 0, done.err


def boxes(round_folder: Path) -> list[tuple[str, dict]]:
    patches = json.loads((round_folder / "index.json").read_text())["patches"]
    return [(patch["id"], patch["box"]) for patch in patches]


def open_below(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """The first round of the same project by this checkout, without a container."""
    project = tmp_path / "outside"
    project.mkdir()
    draw_images(project / "images")
    begin(project)
    done = call([sys.executable, "-m", "benchmark.cli", "annotate", "next", str(project)])
    assert done.status == 0, done.err
    return project / "round_00"


def test_two_rounds_of_a_project_in_an_image(runtime, mounts, outside):
    project = mounts["/scratch"].parent / "project"
    project.mkdir()
    draw_images(project / "images")
    begin(project)
    open_below(project)
    inside = {"/project": project, "/scratch": mounts["/scratch"]}

    def ran(*arguments: str) -> str:
        done = runtime.run("annotate", *arguments, mounts=inside)
        assert done.status == 0, done.err
        return done.out

    assert "/project/round_00" in ran("next", "/project")
    assert boxes(project / "round_00") == boxes(outside)
    assert (project / "round_00" / "index.json").stat().st_uid == runtime.uid
    call(["chmod", "-R", "a+rwX", str(project)])
    label_all(project / "round_00")
    call(["chmod", "-R", "a+rwX", str(project)])
    ran("import", "/project", "--empty", "all")
    ran("next", "/project", "--without-missing")
    assert len(boxes(project / "round_01")) == 4
    loop = next((project / "work" / "runs").rglob("loop_001.json"))
    assert json.loads(loop.read_text())["isolation"] in {"bubblewrap", "landlock"}
    assert json.loads(ran("status", "/project", "--json"))

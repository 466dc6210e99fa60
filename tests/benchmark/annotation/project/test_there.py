"""Images and given labels that change or vanish after a project began."""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from livers import Folder

from benchmark.annotation.engine import Told, prepare
from benchmark.annotation.project import there
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.annotation.project.there import check_given, check_images, seen_since
from benchmark.cli.main import cli
from nnactive.data.unlabelled.find import find_images
from nnactive.errors import UserError
from nnactive.io.files import write_model


@dataclass
class Begun:
    """A project whose images are prepared."""

    places: Places
    project: Project
    folder: Folder

    @property
    def given(self) -> Path:
        return self.places.root / "known.nii.gz"

    @property
    def image(self) -> Path:
        return self.folder.images / "case_2.nii.gz"

    def change(self, file: Path, case: int = 2) -> None:
        array = self.folder.labels[f"case_{case}"].copy()
        array[5, 5, 5] = 2
        self.folder.write(file, array, case)


def begun(root: Path, *, ready: bool = True) -> Begun:
    folder = Folder(root).make()
    project = Project(
        name="livers",
        folder="images",
        images=find_images(folder.images).images,
        channels={"CT": "ct"},
        classes=("ball", "dot"),
        spacing=(2, 1, 1),
        patch_mm=(4, 4, 4),
        budget=3,
        start="random_start",
        method="random",
        given={"case_1": "known.nii.gz"},
    )
    made = Begun(Places(root), project, folder)
    write_model(made.places.project, project)
    folder.write(made.given, folder.labels["case_1"], 1)
    if ready:
        prepare(made.places, project, Told(), 1)
    return made


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    return begun(tmp_path_factory.mktemp("origin") / "p")


@pytest.fixture
def it(origin: Begun, tmp_path: Path) -> Begun:
    root = tmp_path / "p"
    shutil.copytree(origin.places.root, root)
    return Begun(Places(root), origin.project, Folder(root, labels=origin.folder.labels))


def silent(*_: object) -> None:
    """Tell nobody."""


def test_nothing_is_said_of_what_is_as_it_was(it: Begun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnactive.data.raw.raw_checksums.sha256", None)
    assert seen_since(it.places, it.project) == []
    check_images(it.places, it.project, silent)


def test_a_changed_image_is_named_and_refused(it: Begun) -> None:
    it.change(it.image)
    (line,) = seen_since(it.places, it.project)
    assert line == (
        f"{it.image}: changed since the images were prepared; restore what changed, or begin "
        "another project"
    )
    with pytest.raises(UserError, match=r"case_2.nii.gz: has changed since .*; restore it, or"):
        check_images(it.places, it.project, silent)
    told = CliRunner().invoke(cli, ["annotate", "status", str(it.places.root)]).output
    assert f"warning: {line}" in told


def test_an_image_that_changed_and_kept_its_size_is_noticed(it: Begun) -> None:
    content = bytearray(it.image.read_bytes())
    content[-9] ^= 1
    it.image.write_bytes(content)
    (line,) = seen_since(it.places, it.project)
    assert "case_2.nii.gz: another date than when the images were prepared; next and" in line
    with pytest.raises(UserError, match=r"case_2.nii.gz: has changed since"):
        check_images(it.places, it.project, silent)


def test_copied_images_are_compared_once(it: Begun) -> None:
    for file in it.folder.images.iterdir():
        os.utime(file, (1, 1))
    (line,) = seen_since(it.places, it.project)
    assert "(and 3 more): another date" in line
    check_images(it.places, it.project, silent)
    assert seen_since(it.places, it.project) == []


def test_images_that_are_gone_are_named(it: Begun) -> None:
    it.image.unlink()
    assert "case_2.nii.gz: no such image; put it back, or" in seen_since(it.places, it.project)[0]
    shutil.rmtree(it.folder.images)
    assert "images: the images aren't there" in seen_since(it.places, it.project)[0]


def test_given_labels_that_changed_later_are_named(it: Begun) -> None:
    assert check_given(it.places, it.project) == []
    it.change(it.given, 1)
    (line,) = check_given(it.places, it.project)
    assert line == (
        f"{it.given}: changed since its labels were taken, which still count; restore it, or begin "
        "another project to use the new ones"
    )
    assert seen_since(it.places, it.project) == [line]
    it.given.unlink()
    (line,) = check_given(it.places, it.project)
    assert line.startswith(f"{it.given}: gone since its labels were taken, which still count; ")


def test_given_labels_that_kept_their_size_are_compared(it: Begun) -> None:
    content = bytearray(it.given.read_bytes())
    content[-9] ^= 1
    it.given.write_bytes(content)
    assert "known.nii.gz: changed since" in check_given(it.places, it.project)[0]


def test_given_labels_older_than_their_import_arent_read(
    it: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    (record,) = (it.places.labels / "given" / "case_1").glob("*.json")
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text, (_, _, after) = record.read_text(), record.read_text().partition('"imported": "')
    record.write_text(text.replace(after[: len(later)], later))
    monkeypatch.setattr(there, "sha256", None)
    assert check_given(it.places, it.project) == []


def test_given_labels_that_are_gone_before_they_were_taken_are_missed_at_once(
    tmp_path: Path,
) -> None:
    made = begun(tmp_path / "p", ready=False)
    assert seen_since(made.places, made.project) == []
    made.given.unlink()
    with pytest.raises(UserError, match=r"known.nii.gz: no such file, but 'case_1' has its labels"):
        check_given(made.places, made.project)
    assert "known.nii.gz: no such file" in seen_since(made.places, made.project)[0]

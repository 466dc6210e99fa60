"""A person's part in a project, played by a script that sees nothing but the rounds' folders."""

import csv
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK

from benchmark.annotation.engine import Machine, Told
from benchmark.annotation.loop import Options, next_round
from benchmark.annotation.project.places import Places, load_project
from benchmark.annotation.rounds.model import Round
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe
from nnactive.geometry import Patch
from nnactive.io.files import read_model, sha256
from nnactive.io.queries import load_patches
from nnactive.labels import partial_label
from nnactive.nnunet.preprocess import resample
from nnactive.nnunet.store import read_volume


def annotate(
    *words: str | Path, cwd: Path | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Call a command as a person does, and check how it ends."""
    done = subprocess.run(
        command(*words), cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def command(*words: str | Path) -> list[str]:
    """The command line of ``annotate``."""
    return [sys.executable, "-P", "-m", "benchmark.cli", "annotate", *(str(w) for w in words)]


def environment() -> dict[str, str]:
    """This process's, without what would change the benchmark's."""
    return {key: value for key, value in os.environ.items() if not key.startswith("NNACTIVE_")}


def next_by_prior(places: Places, look: str) -> None:
    """A round without the workflow: prepared, laid down where a person says to look, written."""
    project = load_project(places.root)
    options = Options(looks=(look,), workers=1)

    def methods() -> tuple[object, ...]:
        staged = [Method.parse(text).staged() for text in (project.start, project.method)]
        return tuple((describe(each), each.frozen) for each in staged)

    next_round(places, project, options, methods, Machine(1), Told())


def content(folder: Path) -> dict[str, str]:
    """Hash of each file of a folder that isn't hidden."""
    return {
        str(file.relative_to(folder)): sha256(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.parts)
    }


@dataclass(frozen=True)
class Person:
    """Who knows the true labels, and draws them in a round's files."""

    root: Path
    """The project's folder."""
    truth: Path
    """Folder of complete label maps, ``CASE.nii.gz``, each in its image's grid."""
    classes: int
    """Background included; also the value outside a patch."""

    def folder(self, number: int) -> Path:
        return self.root / f"round_{number:02d}"

    def cases(self, number: int) -> dict[str, str]:
        """The image of each patch, from the round's table."""
        with (self.folder(number) / "index.csv").open(newline="") as file:
            return {row["patch"]: row["case"] for row in csv.DictReader(file)}

    def patch(self, number: int, patch: str) -> Patch:
        """A patch as the benchmark knows it, from the round's index."""
        found = read_model(self.folder(number) / "index.json", Round).patch(patch)
        assert found is not None
        return Patch(found.patch.case, found.patch.start, found.patch.size)

    def drawn(self, number: int, patch: str) -> SimpleITK.Image:
        """A patch's template, filled with the true labels: found by their places in mm."""
        template = SimpleITK.ReadImage(str(self.folder(number) / f"{patch}_label.nii.gz"))
        case = self.cases(number)[patch]
        truth = SimpleITK.ReadImage(str(self.truth / f"{case}.nii.gz"), SimpleITK.sitkUInt8)
        x, y, z = truth.TransformPhysicalPointToIndex(template.GetOrigin())
        array = SimpleITK.GetArrayFromImage(template)
        depth, height, width = array.shape
        whole = SimpleITK.GetArrayFromImage(truth)
        known = whole[z : z + depth, y : y + height, x : x + width]
        return _like(np.where(array == self.classes, array, known).astype(np.uint8), template)

    def draw(self, number: int, patches: Collection[str]) -> None:
        """Label patches, and save each under the name that its template has."""
        for patch in patches:
            file = self.folder(number) / f"{patch}_label.nii.gz"
            SimpleITK.WriteImage(self.drawn(number, patch), str(file), useCompression=True)

    def draw_images(self, number: int) -> None:
        """Label whole images in the boxes that their templates leave open."""
        for template in self.folder(number).glob("*_label.nii.gz"):
            case = template.name.removesuffix("_label.nii.gz")
            truth = SimpleITK.ReadImage(str(self.truth / f"{case}.nii.gz"), SimpleITK.sitkUInt8)
            before = SimpleITK.ReadImage(str(template))
            array, known = map(SimpleITK.GetArrayFromImage, (before, truth))
            drawn = _like(np.where(array == self.classes, array, known), before)
            SimpleITK.WriteImage(drawn, str(template), useCompression=True)

    def draw_in_slicer(self, number: int, patch: str) -> None:
        """Label a patch's segmentation, whose header stays."""
        file = self.folder(number) / f"{patch}_label.seg.nrrd"
        before = SimpleITK.ReadImage(str(file))
        drawn = _like(SimpleITK.GetArrayFromImage(self.drawn(number, patch)), before)
        for key in before.GetMetaDataKeys():
            drawn.SetMetaData(key, before.GetMetaData(key))
        SimpleITK.WriteImage(drawn, str(file), useCompression=True)


def _like(array: np.ndarray, image: SimpleITK.Image) -> SimpleITK.Image:
    made = SimpleITK.GetImageFromArray(array)
    made.CopyInformation(image)
    return made


def trained_on(root: Path, number: int) -> dict[str, np.ndarray]:
    """The partial label maps that a loop's training sees, by case."""
    (train,) = root.glob(f"work/runs/*/*/*/seed_*/loop_{number:03d}/train")
    return {
        file.name.removesuffix("_seg.b2nd"): read_volume(file)[0]
        for file in sorted(train.glob("*/*/*_seg.b2nd"))
    }


def chosen(root: Path, number: int) -> list[Patch]:
    """All patches of the loops up to one."""
    files = [
        file
        for loop in range(number + 1)
        for file in root.glob(f"work/runs/*/*/*/seed_*/loop_{loop:03d}.json")
    ]
    return load_patches(files)


@dataclass(frozen=True)
class Benchmark:
    """The benchmark's own partial labels: from complete label maps, by its own preparation."""

    root: Path
    truth: Path
    images: Path

    def partial(
        self, case: str, patches: Collection[Patch], empty: Collection[Patch] = ()
    ) -> np.ndarray:
        """Labels of a case's patches in the prepared grid, int16 ``(Z, Y, X)``.

        Args:
            case: of which.
            patches: that are labelled; of other cases, too.
            empty: those of them that are labelled as background, by mistake.
        """
        from nnactive.data.prepared import PreparedDataset
        from nnactive.data.unlabelled.source import SOURCES, Sources

        (prepared,) = self.root.glob("work/data/*")
        info = PreparedDataset(prepared).info
        source = read_model(prepared / SOURCES, Sources).cases[case]
        (file,) = self.images.glob(f"{case}.*")
        image = SimpleITK.ReadImage(str(file))
        image = image[:, :, :, 0] if image.GetDimension() > len("xyz") else image
        label = SimpleITK.ReadImage(str(self.truth / f"{case}.nii.gz"), SimpleITK.sitkUInt8)
        _, full = resample(
            SimpleITK.GetArrayFromImage(image).astype(np.float32)[None],
            SimpleITK.GetArrayFromImage(label).astype(np.int16),
            image.GetSpacing()[::-1],
            info.spacing,
            source.transpose,
        )
        for patch in empty:
            if patch.case == case:
                full[patch.slices] = 0
        mine = [patch for patch in patches if patch.case == case]
        return partial_label(full, mine, len(info.classes))

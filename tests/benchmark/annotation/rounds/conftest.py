"""A project with three images of different geometry, and an ensemble's predictions of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from scipy.spatial.transform import Rotation

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.annotation.rounds.model import Round
from benchmark.annotation.rounds.write import write_round
from nnactive.data.unlabelled.source import Grid, Image, Source, Sources
from nnactive.geometry import Patch

OBLIQUE = Rotation.from_euler("xyz", [20, -13, 7], degrees=True).as_matrix()
NAME = "Erika Mustermann"
"""In the files' texts; may be nowhere in a round's folder."""


@dataclass(frozen=True)
class Predictions:
    """An ensemble that sees class 1 in the middle of each image; it counts how often it is read."""

    shapes: dict[str, tuple[int, int, int]]
    reads: list[str]

    def labels(self, case: str) -> np.ndarray:
        self.reads.append(case)
        label = np.zeros(self.shapes[case], np.uint8)
        label[tuple(slice(n // 4, 3 * n // 4) for n in label.shape)] = 1
        label[:, :3] = 2
        return label

    def confidence(self, case: str, box: Sequence[slice]) -> np.ndarray:
        found = np.full(self.shapes[case], 0.5, np.float32)
        found[:, ::2] = 1
        return found[tuple(box)]


@dataclass(frozen=True)
class Work:
    """All that a round is written from."""

    places: Places
    project: Project
    sources: Sources
    patches: list[Patch]
    predicted: Predictions

    def write(self, number: int = 0, progress: Callable[..., None] = lambda *_: None) -> Round:
        return write_round(
            self.places,
            self.project,
            self.sources,
            self.patches,
            number,
            "clasp_pe",
            self.predicted,
            progress,
        )

    def having(self, **changes: object) -> "Work":
        """The same with other fields of the project."""
        return replace(self, project=self.project.model_copy(update=changes))

    def image(self, case: str) -> SimpleITK.Image:
        file = self.places.root / "images" / self.sources.cases[case].image.files[0]
        return SimpleITK.ReadImage(str(file))

    def read(self, name: str, number: int = 0) -> SimpleITK.Image:
        return SimpleITK.ReadImage(str(self.places.round(number) / name))


def made(
    file: Path,
    shape: tuple[int, int, int],
    spacing: Sequence[float],
    direction: np.ndarray,
    dtype: type = np.int16,
) -> SimpleITK.Image:
    """A random image with somebody's name in it, written to a file."""
    values = np.random.default_rng(0).integers(0, 1000, shape).astype(dtype)
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing([float(mm) for mm in reversed(spacing)])
    image.SetOrigin([-120.5, 33.25, 1000.125])
    image.SetDirection(direction.ravel().astype(float).tolist())
    image.SetMetaData("ITK_FileNotes", NAME)
    image.SetMetaData("intent_name", "Erika")
    file.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(file), useCompression=True)
    return image


def source_of(
    case: str, file: str, image: SimpleITK.Image, stored: tuple[int, int, int] | None = None
) -> Source:
    """The source of an image whose axes are kept; resampled if another size is given."""
    shape = image.GetSize()[::-1]
    return Source(
        image=Image(id=case, files=(file,)),
        grid=Grid(
            shape=shape,
            spacing=image.GetSpacing()[::-1],
            origin=image.GetOrigin(),
            direction=image.GetDirection(),
        ),
        transpose=(0, 1, 2),
        crop_start=(0, 0, 0),
        crop_size=shape,
        stored=stored or shape,
        scale=(1.0,),
        offset=(0.0,),
    )


@pytest.fixture
def work(tmp_path: Path) -> Work:
    folder = tmp_path / "images"
    left = OBLIQUE @ np.diag([1, 1, -1])
    flipped = np.diag([-1.0, -1.0, 1.0])
    images = {
        "case_a": ("a.nii.gz", made(folder / "a.nii.gz", (12, 30, 28), (5, 0.7, 0.7), left)),
        "case_b": ("b.mha", made(folder / "b.mha", (20, 20, 20), (1, 1, 1), flipped, np.uint16)),
        "case_c": ("c.nrrd", made(folder / "c.nrrd", (16, 18, 20), (2, 1, 1), OBLIQUE)),
    }
    sources = {case: source_of(case, *found) for case, found in images.items()}
    sources["case_c"] = source_of("case_c", *images["case_c"], stored=(32, 18, 20))
    project = Project(
        name="livers",
        folder="images",
        images=tuple(source.image for source in sources.values()),
        channels={"T1": "zscore"},
        classes=("liver", 'tumour "big"'),
        patch_mm=(10, 6, 6),
        budget=4,
        start="random_start",
        method="clasp_pe",
        context_mm=5,
    )
    patches = [
        Patch("case_c", (8, 4, 4), (8, 6, 6)),
        Patch("case_a", (4, 20, 18), (4, 6, 6)),
        Patch("case_b", (0, 0, 0), (6, 6, 6)),
        Patch("case_a", (4, 2, 3), (4, 6, 6)),
    ]
    shapes = {case: source.stored for case, source in sources.items()}
    return Work(Places(tmp_path), project, Sources(cases=sources), patches, Predictions(shapes, []))

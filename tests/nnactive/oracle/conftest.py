"""A folder of images that nobody has labelled, and what they look like to an annotator."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from nnactive.data.unlabelled.find import find_images
from nnactive.oracle.prepare import prepare_images
from nnactive.streams import stream

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, -1.0)
CLASSES = ("ball", "dot")
IGNORE = 3


@dataclass
class Folder:
    """Images of ellipsoids, some of another grid than others, and their true label maps."""

    root: Path
    spacings: tuple[tuple[float, float, float], ...] = ((2.0, 1.0, 1.0), (2.5, 0.8, 0.9))
    labels: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def out(self) -> Path:
        return self.root / "work" / "data" / "livers"

    def make(self, number: int = 4) -> "Folder":
        for case in range(number):
            name = f"case_{case}"
            rng = stream("tests", "unlabelled", case)
            shape = tuple(int(n) for n in rng.integers(12, 17, size=3))
            z, y, x = np.indices(shape)
            label = np.zeros(shape, np.uint8)
            label[(z - 6) ** 2 + (y - 7) ** 2 + (x - 6) ** 2 < 16] = 1
            label[8:10, 9:11, 9:11] = 2
            image = rng.normal(100, 10, shape).astype(np.float32) + 60 * label
            image[:1] = image[:, :, -1:] = 0
            image[:4, :5, :3] = 0
            self.labels[name] = label
            self.write(self.images / f"{name}.nii.gz", image, case)
        return self

    def write(self, path: Path, array: np.ndarray, case: int) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image = SimpleITK.GetImageFromArray(array)
        image.SetSpacing(self.spacings[case % len(self.spacings)][::-1])
        image.SetOrigin((10.0 * case, -4.5, 30.0))
        image.SetDirection(OBLIQUE)
        SimpleITK.WriteImage(image, str(path))
        return path

    def prepare(self, **changes):
        arguments = {
            "name": "livers",
            "classes": CLASSES,
            "channels": {"CT": "ct"},
            "folder": self.images,
            "images": find_images(self.images).images,
            "given": {},
            "labels_in": "../../../labels",
            "spacing": (2.0, 1.0, 1.0),
            "out": self.out,
            "workers": 1,
            "progress": lambda *_: None,
        }
        return prepare_images(**(arguments | changes))


@pytest.fixture
def livers(tmp_path) -> Folder:
    return Folder(tmp_path / "project").make()

"""A folder of images that nobody has labelled, and what they look like to an annotator."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import SimpleITK

from nnactive.data.prepared import PreparedDataset
from nnactive.data.unlabelled.find import find_images
from nnactive.data.unlabelled.mapping import box_of
from nnactive.data.unlabelled.source import SOURCES, Sources
from nnactive.io.files import read_model
from nnactive.io.queries import record
from nnactive.nnunet.preprocess import resample
from nnactive.oracle.choose import oracle_of
from nnactive.oracle.keep import Drawing, keep, keep_source
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


class Person:
    """Draws the true labels of a patch's box, and nothing else."""

    def __init__(self, folder):
        self.folder = folder
        self.info = folder.prepare()
        self.sources = read_model(folder.out / SOURCES, Sources).cases
        self.number = 0

    @property
    def oracle(self):
        return oracle_of(PreparedDataset(self.folder.out), None, 0)

    def draws(self, patch, label=None, name=None):
        self.number += 1
        source = self.sources[patch.case]
        box = box_of(source, patch)
        label = self.folder.labels[patch.case] if label is None else label
        file = self.folder.root / "p.nii.gz"
        file.write_bytes(bytes([self.number]))
        drawing = Drawing(
            patch=record([patch])[0],
            box=box,
            grid=source.grid,
            voxels=label[box.slices],
            classes=IGNORE,
            how="drawn",
            source=keep_source(self.folder.root / "labels", file),
            imported="2026-11-30T18:20:36Z",
        )
        name = name or f"p{self.number:02d}"
        return keep(self.folder.root / "labels", "round_00", name, drawing)

    def benchmark(self, case):
        """The complete label map as a benchmark's preparation stores it."""
        image = SimpleITK.ReadImage(str(self.folder.images / f"{case}.nii.gz"))
        array = SimpleITK.GetArrayFromImage(image)[None]
        source = self.sources[case]
        target = self.info.spacing
        return resample(
            array,
            self.folder.labels[case].astype(np.int16),
            source.grid.spacing,
            target,
            source.transpose,
        )[1]

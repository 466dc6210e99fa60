"""A tiny dataset with a card: eight cases of about 14 voxels per axis, written as NIfTI."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from tiny import write_card

from nnactive.data.cards import Card
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedInfo
from nnactive.streams import stream


def write_image(path: Path, array: np.ndarray, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    """Write ``(Z, Y, X)`` with a spacing in (z, y, x)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(tuple(reversed(spacing)))
    image.SetOrigin(origin)
    SimpleITK.WriteImage(image, str(path))


def tiny_case(number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = stream("tests", "tiny", number)
    shape = tuple(int(n) for n in rng.integers(12, 16, size=3))
    image = rng.normal(100, 10, shape).astype(np.float32)
    label = np.zeros(shape, np.uint8)
    label[2:7, 3:9, 3:9] = 1
    label[8:10, 8:10, 8:10] = 2
    return image + 50 * label, label


@dataclass(frozen=True)
class Tiny:
    raw: Path
    datasets: Path

    def image(self, number: int) -> Path:
        return self.raw / "imagesTr" / f"tiny_{number}_0000.nii.gz"

    def label(self, number: int) -> Path:
        return self.raw / "labelsTr" / f"tiny_{number}.nii.gz"

    case = staticmethod(tiny_case)
    write = staticmethod(write_image)

    def card(self, **changes: Any) -> Card:
        return write_card(self.datasets / "tiny", **changes)


def make_tiny(folder: Path) -> Tiny:
    made = Tiny(folder / "raw", folder / "datasets")
    for number in range(1, 9):
        image, label = tiny_case(number)
        write_image(made.image(number), image, (2, 1, 1))
        write_image(made.label(number), label, (2, 1, 1))
    return made


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    return make_tiny(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> PreparedInfo:
    """Result of an undisturbed preparation."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNACTIVE_DATASETS", str(folder / "datasets"))
        tiny = make_tiny(folder)
        return prepare(tiny.card(), tiny.raw, folder / "tiny", 1, lambda *_: None)

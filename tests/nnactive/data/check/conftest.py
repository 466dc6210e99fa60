"""A small dataset of one's own in nnU-Net's raw layout, to be spoilt in one way each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

from nnactive.data.own.add import describe_raw
from nnactive.data.own.check_folder import Checked, check_folder
from nnactive.streams import stream

NUMBERS = range(1, 9)


def write(
    file: Path,
    array: np.ndarray,
    spacing: tuple[float, float, float] = (1, 1, 1),
    direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1),
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(tuple(float(s) for s in reversed(spacing)))
    image.SetDirection(direction)
    SimpleITK.WriteImage(image, str(file))


@dataclass(frozen=True)
class Own:
    raw: Path

    put = staticmethod(write)

    def image(self, number: int, channel: int = 0) -> Path:
        return self.raw / "imagesTr" / f"knee_{number:03d}_{channel:04d}.nii.gz"

    def label(self, number: int) -> Path:
        return self.raw / "labelsTr" / f"knee_{number:03d}.nii.gz"

    def case(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        rng = stream("tests", "check", number)
        label = np.zeros((10, 12, 12), np.uint8)
        label[2:6, 2:6, 2:7] = 1
        label[7:9, 7:9, 7 : 9 + number % 2] = 2
        return rng.normal(100, 10, label.shape).astype(np.float32) + 50 * label, label

    def write(self, number: int, image: Any = None, label: Any = None, **geometry: Any) -> None:
        made = self.case(number)
        for file, given, usual in zip(
            (self.image(number), self.label(number)), (image, label), made, strict=True
        ):
            write(file, usual if given is None else given, **geometry)

    def describe(self, **changes: Any) -> None:
        content = {
            "channel_names": {"0": "MRI"},
            "labels": {"background": 0, "bone": 1, "tear": 2},
            "numTraining": 8,
            "file_ending": ".nii.gz",
        }
        (self.raw / "dataset.json").write_text(json.dumps(content | changes))

    def check(self, group: str | None = None) -> Checked:
        return check_folder(describe_raw(self.raw, group=group), self.raw, lambda *_: None)


@pytest.fixture
def own(tmp_path: Path) -> Own:
    made = Own(tmp_path / "Dataset601_Knees")
    for number in NUMBERS:
        made.write(number)
    made.describe()
    return made


@pytest.fixture
def found(own: Own) -> Callable[..., dict[tuple[str, str], list[str]]]:
    """Findings of a check by severity and kind."""

    def checked(**given: Any) -> dict[tuple[str, str], list[str]]:
        result: dict[tuple[str, str], list[str]] = {}
        for finding in own.check(**given).findings:
            result.setdefault((finding.severity, finding.kind), []).append(finding.detail)
        return result

    return checked

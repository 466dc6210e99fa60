"""Small images as scanners and people export them."""

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np
import SimpleITK

from nnactive.data.raw.files.locales import same_locale
from nnactive.streams import stream

PATIENT = "Doe^Jane"
SHAPE = (6, 8, 10)
SPACING = (0.7, 0.8, 2.5)
"""mm, (x, y, z)."""
ANGLE = math.radians(10)
OBLIQUE = (
    math.cos(ANGLE), -math.sin(ANGLE), 0.0,
    math.sin(ANGLE), math.cos(ANGLE), 0.0,
    0.0, 0.0, -1.0,
)  # fmt: skip
UID = "1.2.826.0.1.3680043.2.1125.1.1"


def image(number: int, shape=SHAPE, direction=OBLIQUE, kind=np.int16) -> SimpleITK.Image:
    """CT-like values on an anisotropic, oblique grid."""
    values = stream("tests", "scans", number).normal(20, 60, shape)
    values[:, :2] = -1000
    made = SimpleITK.GetImageFromArray(values.astype(kind))
    made.SetSpacing(SPACING)
    made.SetOrigin((-120.125, 33.25, 1000.5))
    made.SetDirection(direction)
    return made


def write(path: Path, made: SimpleITK.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(made, str(path))
    return path


@same_locale()
def write_series(
    folder: Path,
    made: SimpleITK.Image,
    *,
    uid: str = UID,
    missing: Collection[int] = (),
    tilt: float = 0.0,
    heights: Collection[float] = (),
    modality: str = "CT",
    compressed: bool = False,
) -> Path:
    """Write an axial image as a DICOM series, its files' names in no order.

    Args:
        folder: of the files.
        made: int16; its direction is ignored.
        uid: of the series.
        missing: slices to leave out.
        tilt: mm along y by which each slice is shifted against the one before.
        heights: of the slices in mm; empty: as the image has them.
        modality: of the series.
        compressed: without loss.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writer = SimpleITK.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    writer.SetUseCompression(compressed)
    slices = made.GetDepth()
    left, back, up = made.GetOrigin()
    step = made.GetSpacing()[2]
    for number in set(range(slices)) - set(missing):
        height = [*heights][number] if heights else up + number * step
        one = SimpleITK.GetImageFromArray(SimpleITK.GetArrayFromImage(made)[number])
        one.SetSpacing(made.GetSpacing()[:2])
        for tag, value in {
            "0010|0010": PATIENT,
            "0008|0060": modality,
            "0020|000d": f"{uid}.9",
            "0020|000e": uid,
            "0020|0013": str(number),
            "0020|0032": f"{left}\\{back + number * tilt}\\{height}",
            "0020|0037": "1\\0\\0\\0\\1\\0",
        }.items():
            one.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{uid[-1]}_{slices - number:02d}.dcm"))
        writer.Execute(one)
    return folder

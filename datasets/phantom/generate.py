"""Make the phantom: 32 small volumes in nnU-Net's raw layout, the same on every run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK

CASES = 32
SHORTEST, LONGEST = 15, 17
BODY, ORGAN, LESION = 1, 2, 3
BRIGHT, DARK = 10.0, -5.0
"""Intensities of lesions; the background has 0, body and organ 3 and 6."""


def generate(folder: Path, stream: Callable[..., np.random.Generator]) -> None:
    """Write ``imagesTr``, ``labelsTr`` and ``dataset.json`` into ``folder``.

    Args:
        folder: an empty folder.
        stream: makes the generator that belongs to a list of names; each case has its own.
    """
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number in range(1, CASES + 1):
        case = f"phantom_{number:03d}"
        image, label = volume(stream("phantom", "generate", case))
        _write(folder / "imagesTr" / f"{case}_0000.nii.gz", image)
        _write(folder / "labelsTr" / f"{case}.nii.gz", label)
    description = {
        "channel_names": {"0": "intensity"},
        "labels": {"background": 0, "body": BODY, "organ": ORGAN, "lesion": LESION},
        "numTraining": CASES,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(description, indent=1) + "\n")


def volume(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One case: image int16 and label uint8, both ``(Z, Y, X)`` with 1 mm voxels.

    The body takes a seventh of the image. A lesion is brighter than everything else, or darker: one
    labelled lesion doesn't show both.
    """
    shape = rng.integers(SHORTEST, LONGEST, endpoint=True, size=3)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    radii = rng.uniform(4.8, 5.8, size=3)
    centre = radii + rng.uniform(0, 1, size=3) * (shape - 1 - 2 * radii)
    body = _ellipsoid(grid, centre, radii)
    organ = _ellipsoid(grid, _inside(rng, centre, radii, 0.45), rng.uniform(2.7, 3.3, size=3))
    lesion = _ellipsoid(grid, _inside(rng, centre, radii, 0.75), rng.uniform(2.3, 2.7, size=3))

    label = np.zeros(shape, np.uint8)
    label[body] = BODY
    label[organ & body] = ORGAN
    label[lesion & body] = LESION

    image = np.array([0.0, 3.0, 6.0, BRIGHT if rng.random() < 0.5 else DARK])[label]  # noqa: PLR2004
    image = image * _bias(rng, grid, shape) + rng.normal(0, 0.6, size=tuple(shape))
    gain = rng.uniform(60, 140)
    return np.rint(gain * (image + 10)).astype(np.int16), label


def _ellipsoid(grid: np.ndarray, centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
    inside: np.ndarray = (((grid - centre) / radii) ** 2).sum(axis=-1) <= 1
    return inside


def _inside(
    rng: np.random.Generator, centre: np.ndarray, radii: np.ndarray, reach: float
) -> np.ndarray:
    """A uniformly drawn point of the ellipsoid scaled by ``reach``."""
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    point: np.ndarray = centre + radii * direction * reach * rng.random() ** (1 / 3)
    return point


def _bias(rng: np.random.Generator, grid: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """A smooth gain between about 0.65 and 1.35."""
    position = 2 * grid / (shape - 1) - 1
    slope = rng.uniform(-0.08, 0.08, size=3)
    bend = rng.uniform(-0.05, 0.05, size=3)
    field: np.ndarray = 1 + position @ slope + (position**2) @ bend
    return field


def _write(path: Path, array: np.ndarray) -> None:
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing((1.0, 1.0, 1.0))
    SimpleITK.WriteImage(image, str(path), useCompression=True)

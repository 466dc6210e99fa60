"""Make the phantom: 32 small volumes in nnU-Net's raw layout, the same on every run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK

CASES = 32
SHORTEST, LONGEST = 20, 24
BODY, ORGAN, LESION = 1, 2, 3


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

    In half of the cases a bright spot outside the body looks like the lesion.
    """
    shape = rng.integers(SHORTEST, LONGEST, endpoint=True, size=3)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    centre = shape / 2 + rng.uniform(-1.5, 1.5, size=3)
    radii = shape * rng.uniform(0.30, 0.40, size=3)
    body = _ellipsoid(grid, centre, radii)
    organ = _ellipsoid(grid, _inside(rng, centre, radii, 0.45), rng.uniform(3.4, 4.6, size=3))
    lesion = _ellipsoid(grid, _inside(rng, centre, radii, 0.75), rng.uniform(2.2, 2.6, size=3))

    label = np.zeros(shape, np.uint8)
    label[body] = BODY
    label[organ & body] = ORGAN
    label[lesion & body] = LESION

    image = np.array([0.0, 2.5, 5.0, 8.0])[label]
    image[label == ORGAN] += 0.4 * _texture(rng, shape)[label == ORGAN]
    for _ in range(rng.integers(0, 1, endpoint=True)):
        spot = _ellipsoid(grid, rng.uniform(0, shape), rng.uniform(1.3, 2.0, size=3))
        image[spot & ~body] = rng.uniform(6.5, 8.5)
    image = image * _bias(rng, grid, shape) + rng.normal(0, 0.6, size=tuple(shape))
    gain = rng.uniform(60, 140)
    return np.rint(gain * (image + 5)).astype(np.int16), label


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


def _texture(rng: np.random.Generator, shape: np.ndarray) -> np.ndarray:
    """Random blocks of 2 voxels, of zero mean and unit variance."""
    coarse = rng.normal(size=tuple(-(-shape // 2)))
    fine = coarse.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    z, y, x = shape
    return fine[:z, :y, :x]


def _bias(rng: np.random.Generator, grid: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """A smooth gain between about 0.7 and 1.3."""
    position = 2 * grid / (shape - 1) - 1
    slope = rng.uniform(-0.15, 0.15, size=3)
    bend = rng.uniform(-0.10, 0.10, size=3)
    field: np.ndarray = 1 + position @ slope + (position**2) @ bend
    return field


def _write(path: Path, array: np.ndarray) -> None:
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing((1.0, 1.0, 1.0))
    SimpleITK.WriteImage(image, str(path), useCompression=True)

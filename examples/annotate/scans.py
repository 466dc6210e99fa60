"""Example scans to label, and a stand-in for the person who labels them.

python scans.py make scans            # scans/images, and scans/truth for the stand-in
python scans.py label scans project   # label every open patch of the newest round
"""

import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK

SCANS = 8
SHAPE = np.array([20, 32, 32])
SPACING = (3.0, 3.0, 4.0)
"""mm, (x, y, z)."""
AIR, FAT, LIVER, TUMOUR = -1000, -90, 110, 40
"""Hounsfield units."""
NOISE = 25


def scan(number: int) -> tuple[np.ndarray, np.ndarray]:
    """One scan: image int16 in Hounsfield units and label uint8, both ``(Z, Y, X)``."""
    rng = np.random.default_rng(number)
    grid = np.moveaxis(np.indices(SHAPE), 0, -1)

    def ellipsoid(centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
        return (((grid - centre) / radii) ** 2).sum(axis=-1) <= 1

    middle = SHAPE / 2 + rng.uniform(-1, 1, 3)
    centre = middle + rng.uniform(-1, 1, 3) * [2, 3, 3]
    image = np.full(SHAPE, AIR, float)
    image[ellipsoid(middle, SHAPE * 0.46)] = FAT
    label = np.zeros(SHAPE, np.uint8)
    label[ellipsoid(centre, rng.uniform(0.9, 1.1, 3) * [5, 7, 7])] = 1
    tumour = ellipsoid(
        centre + rng.uniform(-1, 1, 3) * [2, 3, 3], rng.uniform(0.8, 1.2, 3) * [2, 3, 3]
    )
    label[tumour & (label == 1)] = 2
    for value, intensity in enumerate((LIVER, TUMOUR), 1):
        image[label == value] = intensity
    return np.rint(image + rng.normal(0, NOISE, SHAPE)).astype(np.int16), label


def make(folder: Path) -> None:
    """Write the scans and their labels; the axes are turned a little, as a gantry's may be."""
    turn = SimpleITK.Euler3DTransform((0, 0, 0), 0.0, 0.0, 0.1)
    for number in range(1, SCANS + 1):
        for name, array in zip(("images", "truth"), scan(number), strict=True):
            image = SimpleITK.GetImageFromArray(array)
            image.SetSpacing(SPACING)
            image.SetDirection(turn.GetMatrix())
            image.SetOrigin((-40.0, -40.0, 10.0 * number))
            (folder / name).mkdir(parents=True, exist_ok=True)
            SimpleITK.WriteImage(image, str(folder / name / f"scan_{number}.nii.gz"))
    sys.stdout.write(f"{SCANS} scans in {folder / 'images'}\n")


def label(folder: Path, project: Path) -> None:
    """Fill the templates of the newest round, each inside its box, and save them in their place."""
    newest = max(project.glob("round_[0-9]*"))
    patches = json.loads((newest / "index.json").read_text(encoding="utf-8"))["patches"]
    for patch in patches:
        file = newest / f"{patch['id']}_label.nii.gz"
        template = SimpleITK.ReadImage(str(file))
        array = SimpleITK.GetArrayFromImage(template)
        whole = SimpleITK.ReadImage(str(folder / "truth" / f"{patch['patch']['case']}.nii.gz"))
        truth = SimpleITK.GetArrayFromImage(whole)
        starts, sizes, crop = patch["box"]["start"], patch["box"]["size"], patch["crop"]["start"]
        here = tuple(slice(a, a + n) for a, n in zip(starts, sizes, strict=True))
        there = tuple(slice(a - c, a - c + n) for a, c, n in zip(starts, crop, sizes, strict=True))
        array[there] = truth[here]
        drawn = SimpleITK.GetImageFromArray(array)
        drawn.CopyInformation(template)
        SimpleITK.WriteImage(drawn, str(file))
    sys.stdout.write(f"{len(patches)} patches labelled in {newest}\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder]:
            make(Path(folder))
        case ["label", folder, project]:
            label(Path(folder), Path(project))
        case _:
            sys.exit(__doc__)

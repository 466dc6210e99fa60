"""MAMA-MIA: the image is the first post-contrast phase minus the pre-contrast phase, as int16.

The images of a case are ``images/<ID>/<id>_<phase>.nii.gz``, its label is
``segmentations/expert/<id>.nii.gz``; folders and files have the id in upper or lower case.
"""

from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.raw import Converted, Found, read_image, subtract

ENDING = ".nii.gz"
PHASES = ("0000", "0001")


def find(raw: Path) -> list[Found]:
    """One case per expert label, and per folder of images."""
    folders = {path.name.upper(): path for path in _visible(raw / "images")}
    labels = [path for path in _visible(raw / "segmentations" / "expert") if _is_volume(path)]
    cases = [_case(raw, folders, label) for label in labels]
    for name in sorted(folders.keys() - {case.id for case in cases}):
        label = raw / "segmentations" / "expert" / f"{name}{ENDING}"
        cases.append(_case(raw, folders, label))
    return cases


def convert(found: Found, _: Card) -> Converted:
    """The subtraction image and the expert label."""
    before, after = found.files
    return Converted((subtract(after, before),), read_image(found.label))


def _case(raw: Path, folders: dict[str, Path], label: Path) -> Found:
    written = label.name.removesuffix(ENDING)
    name = written.upper()
    folder = folders.get(name, raw / "images" / name)
    there = {path.name.upper(): path for path in _visible(folder) if _is_volume(path)}
    files = (f"{written}_{phase}{ENDING}" for phase in PHASES)
    return Found(name, tuple(there.get(file.upper(), folder / file) for file in files), label)


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_volume(path: Path) -> bool:
    return path.name.endswith(ENDING)

"""Raw folders as they are downloaded: which cases there are, and whether each can be used."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnactive.data.cards import Card
from nnactive.data.integrity import check_whole
from nnactive.errors import UserError
from nnactive.nnunet.preprocess import Spacing, Volume, read_image_file

SPACING_TOLERANCE = 1e-3
"""mm, and for the entries of the direction matrix."""
ORIGIN_TOLERANCE = 1e-2
"""mm."""


@dataclass(frozen=True)
class RawCase:
    """Files of one case: an image per channel, in channel order, and the label."""

    id: str
    images: tuple[Path, ...]
    label: Path


@dataclass(frozen=True)
class LoadedCase:
    """A case that passed all checks: image float32 ``(C, Z, Y, X)``, label int16 ``(Z, Y, X)``."""

    image: np.ndarray
    label: np.ndarray
    spacing: Spacing


def scan(raw: Path, card: Card) -> list[RawCase]:
    """Cases of a raw folder, sorted by id, from names and sizes of files alone.

    Raises:
        UserError: a folder or file is missing or empty, or the number of cases isn't the card's.
    """
    ending = card.source.ending
    images = _files(raw / "imagesTr", ending)
    labels = _files(raw / "labelsTr", ending)
    suffixes = _suffixes(card)
    with_image = {
        name.removesuffix(suffix) for name in images for suffix in suffixes if name.endswith(suffix)
    }
    with_label = {name.removesuffix(ending) for name in labels}
    cases = []
    for case in sorted(with_image | with_label):
        files = tuple(raw / "imagesTr" / f"{case}{suffix}" for suffix in suffixes)
        label = raw / "labelsTr" / f"{case}{ending}"
        for path in (*files, label):
            _check_file(path, case)
        cases.append(RawCase(case, files, label))
    if len(cases) != card.cases:
        raise UserError(
            f"{raw}: {len(cases)} cases, but {card.title} has {card.cases}; "
            "give the folder with the complete data"
        )
    return cases


def list_files(raw: Path, cases: Iterable[RawCase]) -> dict[str, str]:
    """Names and sizes of each case's files, to tell cheaply whether they changed."""
    return {
        case.id: json.dumps(
            [
                (path.relative_to(raw).as_posix(), path.stat().st_size)
                for path in (*case.images, case.label)
            ]
        )
        for case in cases
    }


def listing_hash(files: Mapping[str, str]) -> str:
    """SHA-256 over ``list_files``' result, independent of order."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def load_case(case: RawCase, classes: int) -> LoadedCase:
    """Read and check one case.

    Args:
        case: its files.
        classes: number of classes with background; labels must be 0 .. classes - 1.

    Raises:
        UserError: a file is unreadable, geometries differ, the image is empty or not finite, or
            the label holds something else than the card's values. Names the file.
    """
    for path in (*case.images, case.label):
        check_whole(path)
    volumes = [read_image_file(path) for path in case.images]
    label = read_image_file(case.label)
    for path, volume in zip(case.images, volumes, strict=True):
        _check_geometry(path, volume, case.label, label)
        if not np.isfinite(volume.array).all():
            raise UserError(f"{path}: holds NaN or infinite values; mend or replace it")
    image = np.stack([volume.array for volume in volumes])
    if not image.any():
        raise UserError(f"{case.images[0]}: every voxel is 0; copy or download it again")
    _check_labels(case.label, label.array, classes)
    return LoadedCase(image, label.array.astype(np.int16), label.spacing)


def _suffixes(card: Card) -> list[str]:
    if card.source.layout == "msd":
        return [card.source.ending]
    return [f"_{channel:04d}{card.source.ending}" for channel in range(len(card.channels))]


def _files(folder: Path, ending: str) -> list[str]:
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder that holds imagesTr and labelsTr"
        )
    # macOS leaves "._name" companions in archives.
    return [p.name for p in folder.iterdir() if p.name.endswith(ending) and p.name[0] != "."]


def _check_file(path: Path, case: str) -> None:
    if not path.is_file():
        raise UserError(f"{path}: missing, though case '{case}' has other files; copy it again")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: empty file; copy or download it again")


def _check_geometry(path: Path, image: Volume, label_path: Path, label: Volume) -> None:
    def differ(a: tuple[float, ...], b: tuple[float, ...], tolerance: float) -> bool:
        return len(a) != len(b) or not np.allclose(a, b, rtol=0, atol=tolerance)

    what = None
    if image.array.shape != label.array.shape:
        what = f"size {image.array.shape} against {label.array.shape} (z, y, x)"
    elif differ(image.spacing, label.spacing, SPACING_TOLERANCE):
        what = f"spacing {image.spacing} against {label.spacing} mm (z, y, x)"
    elif differ(image.origin, label.origin, ORIGIN_TOLERANCE):
        what = f"origin {image.origin} against {label.origin} mm"
    elif differ(image.direction, label.direction, SPACING_TOLERANCE):
        what = f"direction {image.direction} against {label.direction}"
    if what is not None:
        raise UserError(f"{path}: doesn't match {label_path}: {what}; replace the wrong one")


def _check_labels(path: Path, label: np.ndarray, classes: int) -> None:
    found = np.unique(label)
    foreign = found[~np.isin(found, np.arange(classes))]
    if foreign.size:
        listed = ", ".join(f"{value:g}" for value in foreign[:5])
        raise UserError(
            f"{path}: label values {listed} are not among the card's 0 to {classes - 1}; "
            "replace the file or mend the card"
        )

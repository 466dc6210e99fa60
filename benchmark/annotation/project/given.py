"""Labels that are there before a project begins: whose they are, and whether they are complete."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from nnactive.data.check.components import largest_boxes
from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.files.formats import ENDINGS
from nnactive.data.raw.files.volumes import Volume
from nnactive.data.raw.foreign_labels import ForeignLabelsError
from nnactive.data.raw.grids import check_geometry
from nnactive.data.raw.images import read_volume
from nnactive.data.raw.loading import mapped_label
from nnactive.data.unlabelled.source import Grid
from nnactive.errors import UserError

LABELS: Final = "labelsTr"
"""Of nnU-Net's raw datasets."""

LISTED = 5
"""Ids that a message names."""


@dataclass(frozen=True)
class Given:
    """One label map that a person has already."""

    complete: bool
    """Whether no voxel has the value of "ignore"."""
    labelled: float
    """Share of the image that is labelled."""
    boxes: np.ndarray
    """``(F, 3)``: extents (z, y, x) in mm of each class's largest structure, NaN for classes that
    it lacks."""


def given_files(texts: Sequence[str], ids: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    """Existing label files by case id, and notes on files that belong to no image.

    Args:
        texts: each ``ID=FILE``, or a folder of files that are called as images are, which may be
            that of a raw dataset of nnU-Net's.
        ids: of all images.

    Raises:
        UserError: a text isn't written so, a file is missing, an id unknown or given twice.
    """
    found: dict[str, Path] = {}
    notes: list[str] = []
    for text in texts:
        if Path(text).is_dir():
            inside, others = _in_folder(Path(text), ids)
            notes += others
        else:
            inside = dict([_pair(text, ids)])
        for case, file in inside.items():
            if case in found:
                raise UserError(
                    f"--labels: image '{case}' has two label files, {found[case]} and {file}; "
                    "give one"
                )
            found[case] = file
    return dict(sorted(found.items())), notes


def _pair(text: str, ids: Sequence[str]) -> tuple[str, Path]:
    case, _, name = text.partition("=")
    if not name:
        raise UserError(
            f"--labels: '{text}' is neither a folder nor ID=FILE; as in --labels {ids[0]}=FILE"
        )
    if case not in ids:
        raise UserError(f"--labels: no image '{case}'; the images are {_listed(ids)}")
    if not Path(name).is_file():
        raise UserError(f"{name}: no such file; correct --labels {case}=FILE")
    return case, Path(name)


def _in_folder(folder: Path, ids: Sequence[str]) -> tuple[dict[str, Path], list[str]]:
    if len(below := [*folder.glob(LABELS), *folder.glob(f"Dataset*/{LABELS}")]) == 1:
        folder = below[0]
    found: dict[str, Path] = {}
    others: list[str] = []
    for file in sorted(folder.iterdir()):
        ending = next((each for each in ENDINGS if file.name.endswith(each)), None)
        if ending is None or file.name.startswith("."):
            continue
        case = file.name.removesuffix(ending)
        if case not in ids:
            others.append(file.name)
        elif case in found:
            raise UserError(f"{file}: a second label map of image '{case}'; remove one")
        else:
            found[case] = file
    if not found:
        raise UserError(
            f"{folder}: no label file is called as an image is; call them {ids[0]}.nii.gz and so "
            "on, or give each with --labels ID=FILE"
        )
    if others:
        return found, [f"{folder}: no image for {_listed(others)}; left out"]
    return found, []


def looked_at(
    files: Mapping[str, Path],
    grids: Mapping[str, Grid],
    named: Mapping[str, Path],
    classes: Sequence[str],
    progress: Progress,
) -> dict[str, Given]:
    """Read each label file, and check it against its image's grid and the classes.

    Args:
        files: label file by case id.
        grids: of the images.
        named: by case id the image's file, for messages.
        classes: foreground classes; the value after the last one means "not labelled".
        progress: told of every file.

    Raises:
        UserError: a file is unreadable, lies elsewhere than its image, or has other values.
    """
    found: dict[str, Given] = {}
    if not files:
        return found
    for case in tracked(progress, "look at labels", files, len(files)):
        found[case] = _look(files[case], grids[case], named[case], classes)
    return found


def _look(file: Path, grid: Grid, image: Path, classes: Sequence[str]) -> Given:
    volume = read_volume(file)
    check_geometry(image, _as_volume(grid), file, volume)
    ignore = len(classes) + 1
    try:
        label = mapped_label(file, volume.array, {value: value for value in range(1, ignore + 1)})
    except ForeignLabelsError as error:
        raise UserError(
            f"{file}: label values {error.listed}, but {'; '.join(_values(classes))}; renumber it"
        ) from None
    outside = label == ignore
    inside = np.where(outside, 0, label)
    sizes = largest_boxes(inside, ignore) * np.array(volume.spacing)
    return Given(not outside.any(), 1 - float(outside.mean()), sizes)


def _values(classes: Sequence[str]) -> Iterator[str]:
    """What each value of a label file means."""
    yield "0 is the background"
    yield ", ".join(f"{value} is {name}" for value, name in enumerate(classes, 1))
    yield f"{len(classes) + 1} is what isn't labelled"


def _as_volume(grid: Grid) -> Volume:
    """A grid without voxels."""
    nothing = np.broadcast_to(np.float32(0), grid.shape)
    return Volume(nothing, grid.spacing, grid.origin, grid.direction)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if names[LISTED:] else ""
    return ", ".join(names[:LISTED]) + more

"""Finding images: a folder in any layout, or a table of them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.missing import file_problem
from nnactive.data.unlabelled.dicom.slices import is_dicom, read_slice, slices_in
from nnactive.data.unlabelled.dicom.stack import no_volume
from nnactive.data.unlabelled.listed.files import (
    UNCHECKED,
    Listed,
    ending_in,
    list_files,
    nothing_found,
)
from nnactive.data.unlabelled.listed.naming import check_ids, name_images
from nnactive.data.unlabelled.listed.table import Row, read_table
from nnactive.data.unlabelled.source import Image
from nnactive.errors import UserError

SERIES_ID = "image_{:0{}d}"
"""Id of a DICOM series: nothing of its header or its folder's name, which may be a person's."""
DIGITS = 3
STAGE = "find"
LEAVE_OUT = "leave this image out: move it away, or list the others with --csv"
"""A way out for an image that can't be used."""
CHOOSE = "a CSV with a column 'id' and one of paths chooses and names them"
LISTED = 3


@dataclass(frozen=True)
class Found:
    """The images of a folder."""

    images: tuple[Image, ...]
    """Sorted by id."""
    channels: int
    notes: tuple[str, ...] = ()
    """What was left out or taken for something, one line each."""
    channel_names: tuple[str, ...] = ()
    """As a table's columns name them; empty: nobody named them."""


def find_images(
    folder: Path, csv: Path | None = None, progress: Progress = lambda *_: None
) -> Found:
    """Find images, each of one file a channel or of one DICOM series.

    In a folder these are nnU-Net's names, ``CASE_0000.nii.gz``, or one file an image, in the folder
    or below it; DICOM series are numbered in the order of their folders. Of image files only names
    and sizes are looked at, of DICOM files the headers.

    Args:
        folder: with the images; their paths in the result are below it.
        csv: table with a column ``id`` and one a channel, of paths; a path to one DICOM file means
            its series, one to a folder the only series in it.
        progress: receives every folder of DICOM files.

    Raises:
        UserError: there is no image, a file is missing or empty, or names don't tell which image
            or channel a file is; one line.
    """
    found = _in_folder(folder, progress) if csv is None else _in_table(folder, csv)
    for image in found.images:
        for file in image.files if image.series is None else ():
            if problem := file_problem(folder / file, image.id):
                raise UserError(f"{problem}, or {LEAVE_OUT}")
    unchecked = sorted({e for i in found.images if (e := ending_in(i.files[0])) in UNCHECKED})
    if not unchecked:
        return found
    note = f"{', '.join(unchecked)}: read, but a file that lacks voxels may go unnoticed"
    return replace(found, notes=(*found.notes, note))


def _in_folder(folder: Path, progress: Progress) -> Found:
    listed = list_files(folder)
    notes = []
    images: list[Image] = []
    channels = 1
    if listed.images:
        try:
            named = name_images(listed.images)
        except UserError as error:
            raise UserError(f"{folder}: {error}") from None
        images += (Image(id=case, files=files) for case, files in named.files.items())
        channels = named.channels
        if named.from_folders:
            notes.append(
                f"{len(images)} images are called as their folders are (such as {images[0].id}); "
                f"if these name persons, {CHOOSE}"
            )
    series, told = _series(folder, listed.dicom, progress)
    if series and channels > 1:
        raise UserError(
            f"{folder}: has images of {channels} channels and DICOM series, which have one; "
            "convert these to one file a channel"
        )
    images += series
    notes += told
    if not images:
        raise _nothing(folder, listed, told)
    check_ids([image.id for image in images])
    return Found(tuple(sorted(images, key=lambda i: i.id)), channels, (*notes, *_left(listed)))


def _nothing(folder: Path, listed: Listed, told: Sequence[str]) -> UserError:
    return UserError(f"{folder}: no volume; {told[0]}") if told else nothing_found(folder, listed)


def _left(listed: Listed) -> list[str]:
    notes = []
    if listed.labels:
        names = ", ".join(listed.labels[:LISTED]) + (" ..." if listed.labels[LISTED:] else "")
        notes.append(
            f"left out as label maps, by their names: {len(listed.labels)} ({names}); to "
            "use one, give it with its image's id: --labels ID=FILE"
        )
    if listed.pictures:
        notes.append(f"left out as two-dimensional: {listed.pictures} pictures")
    return notes


def _series(
    folder: Path, places: Mapping[str, int], progress: Progress
) -> tuple[list[Image], list[str]]:
    """All DICOM series that may be volumes, and notes on the others."""
    found: list[tuple[str, str]] = []
    owners: dict[str, str] = {}
    notes = []
    for place, files in tracked(progress, STAGE, places.items(), len(places)):
        volumes = []
        series = slices_in(folder / place)
        if others := files - sum(map(len, series.values())):
            notes.append(f"left out: DICOM files without an image in {folder / place}: {others}")
        for uid, slices in series.items():
            if problem := no_volume(slices):
                notes.append(f"left out: a DICOM series in {folder / place}, {problem}")
            else:
                volumes.append((place, uid))
                _check_spread(folder, owners.setdefault(uid or place, place), place)
        found += volumes
    width = max(DIGITS, len(str(len(found))))
    images = [
        Image(id=SERIES_ID.format(number, width), files=(place,), series=uid)
        for number, (place, uid) in enumerate(found, 1)
    ]
    return images, [*_numbered(folder, images), *notes]


def _check_spread(folder: Path, first: str, second: str) -> None:
    if first != second:
        raise UserError(
            f"{folder / second}: has slices of the series that is in {folder / first}; put them "
            "into one folder, or remove the copy"
        )


def _numbered(folder: Path, images: Sequence[Image]) -> list[str]:
    """How series are numbered; and folders with several, of which some may not be wanted."""
    if not images:
        return []
    told = f"{len(images)} DICOM series, numbered from {images[0].id} in the order of their folders"
    notes = [f"{told}; a CSV gives ids of your own"]
    by_folder: dict[str, list[str]] = {}
    for image in images:
        by_folder.setdefault(image.files[0], []).append(image.id)
    notes += (
        f"{folder / place}: {len(ids)} series, each taken as an image ({', '.join(ids[:LISTED])}"
        f"{' ...' if ids[LISTED:] else ''}); {CHOOSE}"
        for place, ids in by_folder.items()
        if ids[1:]
    )
    return notes


def _in_table(folder: Path, csv: Path) -> Found:
    table = read_table(csv, folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give the folder with the images")
    images = tuple(_of_row(folder, csv, row) for row in table.rows)
    return Found(images, len(table.channels), channel_names=table.channels)


def _of_row(folder: Path, csv: Path, row: Row) -> Image:
    where = f"{csv}: line {row.line}"
    names = tuple(_below(folder, path, where) for path in row.files)
    if any(path.is_dir() or (not ending_in(path.name) and is_dicom(path)) for path in row.files):
        if row.files[1:]:
            raise UserError(f"{where}: DICOM series have one channel; convert them to .nii.gz")
        return _of_series(folder, where, row)
    if unread := next((path for path in row.files if not ending_in(path.name)), None):
        raise UserError(f"{where}: {unread.name} is no image that is read; convert it to .nii.gz")
    return Image(id=row.id, files=names)


def _of_series(folder: Path, where: str, row: Row) -> Image:
    (path,) = row.files
    if path.is_dir():
        found = slices_in(path)
        volumes = [uid for uid, slices in found.items() if no_volume(slices) is None]
        if len(volumes) != 1:
            files = ", ".join(found[uid][0].file.name for uid in volumes[:LISTED])
            cause = f"{len(volumes)} DICOM series; name a file of the right one" if volumes else ""
            cause = f"{cause} (such as {files})" if volumes else "no DICOM series that is a volume"
            raise UserError(f"{where}: {path} has {cause}")
        place, uid = path, volumes[0]
    else:
        header = read_slice(path)
        if header is None:
            raise UserError(f"{where}: {path.name} holds no DICOM image; name another file")
        place, uid = path.parent, header.series
    return Image(id=row.id, files=(_below(folder, place, where),), series=uid)


def _below(folder: Path, path: Path, where: str) -> str:
    """A path below the images' folder; links are left as they are."""
    whole, root = (Path(os.path.normpath(one.absolute())) for one in (path, folder))
    if not whole.is_relative_to(root):
        raise UserError(f"{where}: {path} isn't below {folder}; give a folder above all images")
    return whole.relative_to(root).as_posix()

"""The files of a folder by kind: images, DICOM folders, label maps by their names, pictures."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nnactive.data.raw.files.formats import ENDINGS, SMALL, known_formats
from nnactive.data.raw.layout import LEFTOVER
from nnactive.data.unlabelled.dicom.slices import is_dicom
from nnactive.errors import UserError, check_name

UNCHECKED = (".nhdr", ".gipl", ".gipl.gz", ".mnc", ".mrc", ".vtk", ".lsm", ".hdr.gz", ".nia")
"""Endings of volumes that SimpleITK reads, but that may lack voxels without being noticed."""
READABLE = tuple(sorted((*ENDINGS, *UNCHECKED), key=len, reverse=True))
"""The longest first, so that ``.hdr.gz`` isn't taken for something else."""
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".jp2")
LABEL_WORDS = "seg|segs|segmentation|segmentations|label|labels|labelmap|mask|masks|gt|groundtruth"
LABEL_NAME = re.compile(rf"(.*[._ -])?({LABEL_WORDS})", re.IGNORECASE)
LABEL_FOLDER = re.compile(rf"({LABEL_WORDS})(Tr|Ts|s)?", re.IGNORECASE)
NEVER_DICOM = (".json", ".txt", ".csv", ".tsv", ".xml", ".md", ".yaml", ".img", ".raw", ".zraw")


@dataclass
class Listed:
    """What a folder holds; paths are below it, in POSIX's form, sorted."""

    images: list[str] = field(default_factory=list)
    dicom: dict[str, int] = field(default_factory=dict)
    """Number of DICOM files by folder; ``.`` is the folder itself."""
    labels: list[str] = field(default_factory=list)
    """Files that are called like label maps."""
    pictures: int = 0
    """Two-dimensional pictures."""
    others: int = 0


def ending_in(name: str) -> str | None:
    """The ending of a file that may be an image; None: it is none."""
    return next((ending for ending in READABLE if name.endswith(ending)), None)


def list_files(folder: Path) -> Listed:
    """Sort the files of a folder and of those below it.

    Hidden files and those that macOS adds to archives count for nothing.

    Raises:
        UserError: no such folder, a name isn't in UTF-8, a link leads nowhere, an ending is
            written in capitals.
    """
    if not folder.is_dir():
        what = "a file, not a folder" if folder.is_file() else "no such folder"
        raise UserError(f"{folder}: {what}; give the folder with the images")
    found = Listed()
    dicom: Counter[str] = Counter()
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if ending := ending_in(path.name):
            is_label = _is_label(path.relative_to(folder), ending)
            (found.labels if is_label else found.images).append(name)
        elif ending := ending_in(path.name.lower()):
            raise UserError(f"{path}: ends in capitals; {SMALL} ({ending})")
        elif path.name.lower().endswith(PICTURES):
            found.pictures += 1
        elif not path.name.lower().endswith(NEVER_DICOM) and is_dicom(path):
            dicom[path.parent.relative_to(folder).as_posix()] += 1
        else:
            found.others += 1
    found.dicom = dict(sorted(dicom.items()))
    found.images.sort()
    found.labels.sort()
    return found


def nothing_found(folder: Path, listed: Listed) -> UserError:
    """What to say if a folder holds no image."""
    if listed.labels:
        cause = f"only label maps by their names, such as {listed.labels[0]}"
    elif listed.pictures:
        cause = f"{listed.pictures} two-dimensional pictures, but no volume"
    else:
        cause = "no image"
    return UserError(f"{folder}: holds {cause}; give volumes in {known_formats()}, or DICOM series")


def _walk(folder: Path) -> Iterator[Path]:
    """All files below a folder; links are followed, but into no folder twice."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_unreadable):
        if (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name[0] != "." and name != LEFTOVER)
        for name in sorted(files):
            path = Path(place, name)
            if name[0] == ".":
                continue
            check_name(str(path))
            if path.is_symlink() and not path.exists():
                raise UserError(f"{path}: a link to {path.readlink()}, which doesn't exist; fix it")
            if path.is_file():
                yield path


def _unreadable(error: OSError) -> None:
    raise UserError(f"{error.filename}: {error.strerror}; make it readable")


def _is_label(path: Path, ending: str) -> bool:
    if LABEL_NAME.fullmatch(path.name.removesuffix(ending)):
        return True
    return any(LABEL_FOLDER.fullmatch(part) for part in path.parent.parts)

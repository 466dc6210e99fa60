"""Files of a round's folder by their names: labels, those of others, and locks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmark.annotation.rounds.model import Round

ENDINGS: Final = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".mha", ".mhd")
"""Of label files; of two that fit, the longer one is a name's."""
UNREAD: Final = (
    *(
        ".hdr",
        ".img",
        ".nhdr",
        ".tif",
        ".tiff",
        ".dcm",
        ".mgz",
        ".mgh",
        ".mnc",
        ".gipl",
        ".gipl.gz",
    ),
    *(".vtk", ".vti", ".npy", ".npz", ".h5", ".am", ".img.gz", ".nii.bz2", ".nii.xz", ".nii.zst"),
    *(".nii.gz.gz", ".nrrd.gz", ".mha.gz", ".gz", ".zip", ".stl", ".png", ""),
)
"""Of files in which labels may have been saved, but which aren't read; empty: without an ending."""
LABEL: Final = "_label"
IMAGE: Final = re.compile(r".+_image(_\d{4})?")
LOCKS: Final = (
    re.compile(r"\.~lock\.(.+)#"),
    re.compile(r"\.?~\$?(?!lock)(.+)"),
    re.compile(r"(.+)\.(?:lock|part|tmp|partial|crdownload)"),
)
"""Names of files that say that another one is open or being written."""


@dataclass
class Folder:
    """Files of a round's folder that matter to an import, sorted by name."""

    patches: dict[str, list[Path]] = field(default_factory=dict)
    """Label files by patch id."""
    cases: dict[str, list[Path]] = field(default_factory=dict)
    """Label files of whole images by case id."""
    strays: list[Path] = field(default_factory=list)
    """Image files of other names."""
    unread: dict[str, list[Path]] = field(default_factory=dict)
    """Files of a format that isn't read, by the patch or image that they are called after."""


def stem_of(name: str) -> str | None:
    """A file's name without its ending; None: it hasn't got that of a label file.

    >>> stem_of("p07_label.seg.nrrd"), stem_of("p07_box.mrk.json")
    ('p07_label', None)
    """
    low = name.lower()
    ending = max((each for each in ENDINGS if low.endswith(each)), key=len, default=None)
    return None if ending is None else name[: -len(ending)]


def wrong_case(name: str) -> str | None:
    """The name in which an ending has small letters; None: it has."""
    stem = stem_of(name)
    if stem is None or name[len(stem) :].islower():
        return None
    return stem + name[len(stem) :].lower()


def aim_of(stem: str, number: Round) -> tuple[str, str] | None:
    """What a label file is for, by its name.

    Returns:
        ``("patch", id)`` or ``("case", id)``; None: the round has neither.
    """
    bare = stem.removesuffix(LABEL)
    is_patch = stem.endswith(LABEL) and number.patch(bare) is not None
    is_case = any(each.patch.case == bare for each in number.patches)
    # A case may be called p07: what the folder shows comes first.
    order = [("patch", is_patch), ("case", is_case)]
    for kind, fits in order if number.view == "crop" else reversed(order):
        if fits:
            return kind, bare
    return None


def look(folder: Path, number: Round) -> Folder:
    """The files of a round's folder; an empty `Folder` if it is gone."""
    found = Folder()
    if not folder.is_dir():
        return found
    for file in sorted(folder.iterdir()):
        stem = stem_of(file.name)
        if file.name.startswith((".", "~")) or IMAGE.fullmatch(stem or ""):
            continue
        if stem is None:
            if (name := _unread(file.name, number)) is not None:
                found.unread.setdefault(name, []).append(file)
            continue
        aim = aim_of(stem, number)
        if aim is None:
            found.strays.append(file)
        else:
            by = found.patches if aim[0] == "patch" else found.cases
            by.setdefault(aim[1], []).append(file)
    return found


def _unread(name: str, number: Round) -> str | None:
    """The patch or image whose labels a file of a format that isn't read seems to have."""
    endings = (each for each in UNREAD if name.lower().endswith(each))
    stems = (name[: len(name) - len(ending)] for ending in endings)
    aims = (aim_of(stem, number) for stem in stems if stem.endswith(LABEL))
    return next((aim[1] for aim in aims if aim), None)


def lock_of(file: Path) -> str | None:
    """Name of the file that says that another program has a file open or is writing it."""
    names = (each.name for each in file.parent.iterdir())
    return min((name for name in names if _locked(name) == file.name), default=None)


def counted(count: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "voxel"), counted(1200, "voxel")
    ('1 voxel', '1,200 voxels')
    """
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names, the first few of many."""
    all_names = list(names)
    more = f" and {len(all_names) - most} more" if len(all_names) > most else ""
    return ", ".join(all_names[:most]) + more


def _locked(name: str) -> str | None:
    matches = (pattern.fullmatch(name) for pattern in LOCKS)
    return next((match[1] for match in matches if match), None)

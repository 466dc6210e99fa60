"""Whether what a project began with is there, and as it was: its images, and labels given to it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from nnactive.data.progress import Progress
from nnactive.errors import UserError
from nnactive.io.files import sha256
from nnactive.oracle.drawn import GIVEN, SOURCE_FILES, Drawn, history

SKEW: Final = timedelta(minutes=1)
"""By how much the clocks of a file's server and of this machine may differ."""


def images_folder(places: Places, project: Project) -> Path:
    """The images' folder, which has all of them.

    Raises:
        UserError: the folder or an image isn't there.
    """
    folder = places.root / project.folder
    if not folder.is_dir():
        raise UserError(
            f"{folder}: the images aren't there; name their folder with --images FOLDER"
        )
    for image in project.images:
        for file in image.files:
            if not (folder / file).exists():
                raise UserError(
                    f"{folder / file}: no such image; put it back, or name the folder in which "
                    "all images are with --images FOLDER"
                )
    return folder


def check_images(places: Places, project: Project, progress: Progress) -> None:
    """Refuse images that have changed since they were prepared, if they are.

    Raises:
        UserError: names the first file that is missing or has changed.
    """
    from nnactive.data.unlabelled.prepare.stayed import NOTE, check_stayed

    folder, out = images_folder(places, project), places.prepared(project)
    if (out / NOTE).is_file():
        check_stayed(folder, project.images, out, progress)


def seen_of_images(places: Places, project: Project) -> list[str]:
    """What has happened to the images since they were prepared, a line each; nothing is read."""
    out = places.prepared(project)
    if not out.is_dir():
        return []
    from nnactive.data.unlabelled.prepare.stayed import NOTE, since_prepared

    if not (out / NOTE).is_file():
        return []
    try:
        since = since_prepared(images_folder(places, project), project.images, out)
    except UserError as error:
        return [str(error)]
    lines = []
    if since.changed:
        lines.append(
            f"{_first(since.changed)}: changed since the images were prepared; restore what "
            "changed, or begin another project"
        )
    if since.touched:
        lines.append(
            f"{_first(since.touched)}: another date than when the images were prepared; next and "
            "finish compare the content"
        )
    return lines


def check_given(places: Places, project: Project) -> list[str]:
    """See whether label files that were there from the start are as they were.

    Returns:
        What has happened to those whose labels were taken already, a line each.

    Raises:
        UserError: one whose labels weren't taken yet is missing.
    """
    taken = _taken(places)
    files = {case: places.root / file for case, file in project.given.items()}
    for case, file in files.items():
        if case not in taken and not file.is_file():
            raise UserError(
                f"{file}: no such file, but '{case}' has its labels in it; put it back, or correct "
                f"'given' in {places.project}"
            )
    gone = [file for file in files.values() if not file.is_file()]
    changed = [
        file
        for case, file in files.items()
        if case in taken and file not in gone and _differs(places, file, taken[case])
    ]
    lines = []
    if changed:
        lines.append(
            f"{_first(changed)}: changed since its labels were taken, which still count; restore "
            "it, or begin another project to use the new ones"
        )
    if gone:
        lines.append(
            f"{_first(gone)}: gone since its labels were taken, which still count; nothing is "
            f"lost, there is a copy in {places.labels / SOURCE_FILES}"
        )
    return lines


def seen_since(places: Places, project: Project) -> list[str]:
    """All that has happened to images and given labels, a line each."""
    try:
        lines = check_given(places, project)
    except UserError as error:
        lines = [str(error)]
    return [*seen_of_images(places, project), *lines]


def _taken(places: Places) -> dict[str, Drawn]:
    """By case id, one of the imports that its given labels became."""
    found = [history(folder) for folder in sorted((places.labels / GIVEN).glob("*"))]
    return {known[-1].patch.case: known[-1] for known in found if known}


def _differs(places: Places, file: Path, taken: Drawn) -> bool:
    """Whether a label file's content is another than the one that was taken."""
    state = file.stat()
    kept = places.labels / SOURCE_FILES / f"{taken.sha256}{taken.source}"
    if kept.is_file() and kept.stat().st_size != state.st_size:
        return True
    since = (datetime.fromisoformat(taken.imported) - SKEW).timestamp()
    if max(state.st_mtime, state.st_ctime) < since:
        return False
    return sha256(file) != taken.sha256


def _first(files: Sequence[Path]) -> str:
    return f"{files[0]}" + (f" (and {len(files) - 1} more)" if files[1:] else "")

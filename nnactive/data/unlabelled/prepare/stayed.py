"""Whether the images that were prepared are as they were: by size and date, then by content."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nnactive.data.prepare import resume
from nnactive.data.prepare.resume import Note, same
from nnactive.data.progress import Progress
from nnactive.data.raw.files.formats import check_parts
from nnactive.data.raw.layout import Found
from nnactive.data.raw.raw_checksums import (
    RawFiles,
    changed_cases,
    have_stayed,
    inner_names,
    read_files,
)
from nnactive.data.unlabelled.source import Image
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model

NOTE: Final = resume.NOTE
"""File beside the prepared images that says what they were made from."""


@dataclass(frozen=True)
class Since:
    """Files of prepared images that aren't as they were, as far as can be told without reading."""

    changed: tuple[Path, ...]
    """Of another size, new, or gone."""
    touched: tuple[Path, ...]
    """Of another date alone: copied, or changed in place."""


def image_files(folder: Path, images: Sequence[Image]) -> list[Found]:
    """Every file of each image, as far as changes of it are noticed.

    Raises:
        UserError: a file is missing, or the folder of a series has none.
    """
    return [_files(folder, image) for image in sorted(images, key=lambda image: image.id)]


def since_prepared(folder: Path, images: Sequence[Image], out: Path) -> Since:
    """What has happened to images since they were prepared; takes no longer than to list them.

    Args:
        folder: the images'.
        images: all that were prepared.
        out: the prepared dataset's folder, in which a preparation has ended.

    Raises:
        UserError: a file is missing.
    """
    named = inner_names(image_files(folder, images))
    changed: list[Path] = []
    touched: list[Path] = []
    for case, before in read_model(out / NOTE, Note).raw.items():
        paths = named.get(case, {})
        known = {file.name: file for file in before}
        changed += [Path(name) for name in known if name not in paths]
        for name, path in paths.items():
            state = path.stat()
            if name not in known or state.st_size != known[name].size:
                changed.append(path)
            elif state.st_mtime_ns != known[name].modified:
                touched.append(path)
    return Since(tuple(changed), tuple(touched))


def check_stayed(folder: Path, images: Sequence[Image], out: Path, progress: Progress) -> None:
    """Refuse images that have changed since they were prepared.

    Only files of another size or date are read; they aren't again once they turned out the same.

    Args:
        folder: the images'.
        images: all that were prepared.
        out: the prepared dataset's folder, in which a preparation has ended.
        progress: called after each image, if any is read.

    Raises:
        UserError: names the first file that is missing, or has changed.
    """
    found = image_files(folder, images)
    note = read_model(out / NOTE, Note)
    same(out, "list of images", sorted(note.raw), [case.id for case in found])
    if have_stayed(found, note.raw):
        return
    now = read_files(found, note.raw, progress)
    if changed := changed_cases(note.raw, now):
        more = f" (and files of {len(changed) - 1} more)" if changed[1:] else ""
        raise UserError(
            f"{_first_change(changed[0], note.raw, now, found)}: has changed since its image was "
            f"prepared{more}; restore it, or begin another project"
        )
    # Copied or touched, but the same: they needn't be read again.
    write_model(out / NOTE, note.model_copy(update={"raw": now}))


def _first_change(case: str, before: RawFiles, now: RawFiles, found: Sequence[Found]) -> str:
    known = {(file.name, file.sha256) for file in before[case]}
    there = {file.name for file in now[case]}
    new = [file.name for file in now[case] if (file.name, file.sha256) not in known]
    gone = [file.name for file in before[case] if file.name not in there]
    return str(inner_names(found)[case][new[0]]) if new else gone[0]


def _files(folder: Path, image: Image) -> Found:
    files = tuple(folder / name for name in image.files)
    if image.series is not None:
        files = tuple(sorted(file for file in files[0].glob("*") if file.is_file()))
        if not files:
            raise UserError(f"{folder / image.files[0]}: no DICOM files; restore the folder")
    for file in files:
        if not file.is_file():
            raise UserError(f"{file}: missing, it is part of image '{image.id}'; restore it")
        if image.series is None:
            check_parts(file)
    return Found(image.id, files, label=files[0])

"""Detecting changed raw files: quickly by name and size, reliably by checksum."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.files.formats import files_of
from nnactive.data.raw.layout import Found
from nnactive.io.files import sha256
from nnactive.io.models import Frozen


class RawFile(Frozen):
    """One raw file when it was last read."""

    name: str
    """Relative to the folder that contains all raw files."""
    size: int
    modified: int
    """Time stamp in ns; a file with the same size and time stamp is not read again."""
    sha256: str


RawFiles = Mapping[str, tuple[RawFile, ...]]
"""By case."""


def inner_names(cases: Iterable[Found]) -> dict[str, dict[str, Path]]:
    """Each case's files by name, relative to the folder that contains all of them.

    Voxels and spacings that lie in files of their own are among them.
    """
    files = {
        case.id: tuple(
            dict.fromkeys(part for path in (*case.files, case.label) for part in files_of(path))
        )
        for case in cases
    }
    root = os.path.commonpath([path.parent for paths in files.values() for path in paths])
    return {
        case: {path.relative_to(root).as_posix(): path for path in paths}
        for case, paths in files.items()
    }


def list_files(cases: Iterable[Found]) -> dict[str, str]:
    """Names and sizes of each case's files, a cheap way to notice changes."""
    return {
        case: json.dumps([(name, path.stat().st_size) for name, path in paths.items()])
        for case, paths in inner_names(cases).items()
    }


def listing_hash(files: Mapping[str, str]) -> str:
    """SHA-256 of the result of ``list_files``, independent of order."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def read_files(
    cases: Iterable[Found],
    known: RawFiles,
    progress: Progress,
    note: Callable[[str, tuple[RawFile, ...]], None] | None = None,
) -> dict[str, tuple[RawFile, ...]]:
    """Names and checksums of all raw files, in the order of ``cases``.

    Args:
        cases: the cases to read.
        known: from an earlier call; files with the same size and time stamp are not read again.
        progress: receives every case that was read.
        note: receives each case and its files, too.
    """
    named = inner_names(cases)
    found = {}
    for case, paths in tracked(progress, "compare", named.items(), len(named)):
        before = {file.name: file for file in known.get(case, ())}
        found[case] = tuple(_read(path, name, before.get(name)) for name, path in paths.items())
        if note is not None:
            note(case, found[case])
    return found


def changed_cases(before: RawFiles, now: RawFiles) -> list[str]:
    """Cases that are gone, or whose files changed in content, sorted."""
    return sorted(case for case in before if _contents(before, case) != _contents(now, case))


def have_stayed(cases: Iterable[Found], known: RawFiles) -> bool:
    """Whether all files still have the size and time stamp they had when read."""
    stamps = {
        case: [(name, *_stamp(path)) for name, path in paths.items()]
        for case, paths in inner_names(cases).items()
    }
    return stamps == {
        case: [(file.name, file.size, file.modified) for file in files]
        for case, files in known.items()
    }


def _read(path: Path, name: str, before: RawFile | None) -> RawFile:
    # The time stamp first, so that a change during reading is noticed later.
    size, modified = _stamp(path)
    if before is not None and (before.size, before.modified) == (size, modified):
        return before
    return RawFile(name=name, size=size, modified=modified, sha256=sha256(path))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _contents(files: RawFiles, case: str) -> list[tuple[str, str]]:
    return [(file.name, file.sha256) for file in files.get(case, ())]

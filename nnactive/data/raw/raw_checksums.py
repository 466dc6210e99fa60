"""The raw files of a dataset, told apart by their content."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from nnactive.data.prepare.job import Progress
from nnactive.data.raw.raw import Found, inner_names
from nnactive.io.files import sha256
from nnactive.settings import Frozen


class RawFile(Frozen):
    """One raw file as it was read."""

    name: str
    """Below the folder that holds all raw files."""
    size: int
    modified: int
    """Time stamp in ns; a file with the same size and stamp is not read again."""
    sha256: str


RawFiles = Mapping[str, tuple[RawFile, ...]]
"""By case."""


def read_files(
    cases: Iterable[Found], known: RawFiles, progress: Progress
) -> dict[str, tuple[RawFile, ...]]:
    """Names and checksums of all raw files, in the order of ``cases``.

    Args:
        cases: whose files.
        known: from an earlier call; what has the same size and time stamp is not read again.
        progress: told of every case that was read.
    """
    named = inner_names(cases)
    found = {}
    progress("compare", 0, len(named))
    for case, paths in named.items():
        before = {file.name: file for file in known.get(case, ())}
        found[case] = tuple(_read(path, name, before.get(name)) for name, path in paths.items())
        progress("compare", len(found), len(named))
    return found


def changed_cases(before: RawFiles, now: RawFiles) -> list[str]:
    """Cases that are gone or of which a file has another content, sorted."""
    return sorted(case for case in before if _contents(before, case) != _contents(now, case))


def have_stayed(cases: Iterable[Found], known: RawFiles) -> bool:
    """Whether all files still have the size and the time stamp of when they were read."""
    stamps = {
        case: [(name, *_stamp(path)) for name, path in paths.items()]
        for case, paths in inner_names(cases).items()
    }
    return stamps == {
        case: [(file.name, file.size, file.modified) for file in files]
        for case, files in known.items()
    }


def _read(path: Path, name: str, before: RawFile | None) -> RawFile:
    # The stamp comes first, so that a change while the file is read isn't overlooked later.
    size, modified = _stamp(path)
    if before is not None and (before.size, before.modified) == (size, modified):
        return before
    return RawFile(name=name, size=size, modified=modified, sha256=sha256(path))


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _contents(files: RawFiles, case: str) -> list[tuple[str, str]]:
    return [(file.name, file.sha256) for file in files.get(case, ())]

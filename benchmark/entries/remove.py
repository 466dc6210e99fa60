"""Remove a method from a track's folder: its experiments, logs and frozen files."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmark import layout
from benchmark.entries.find import Entry
from nnactive.errors import UserError
from nnactive.io.locks import exclusive_lock, lock_holder
from nnactive.steps.twins import tidy


def remove(entry: Entry) -> None:
    """Remove everything of an entry; the results of other methods stay.

    The record goes last, so that an interrupted removal can be repeated.

    Raises:
        UserError: if a run is at work in the track's folder.
    """
    lock = entry.root / ".lock"
    with exclusive_lock(lock) as held:
        if not held:
            raise UserError(
                f"{entry.root}: a run is at work here (process {lock_holder(lock)}); "
                "wait for its end"
            )
        for folder in entry.folders:
            _gone(layout.log_folder(folder.relative_to(entry.root)), entry.root)
            # The result first: the board must not show an experiment without its files.
            (folder / layout.RESULT).unlink(missing_ok=True)
            shutil.rmtree(folder)
            _empty(folder.parent)
            tidy(entry.root / layout.kept_folders(folder.parents[1].name))
        for file in _record(entry):
            _gone(file, Path())


def _record(entry: Entry) -> Iterator[Path]:
    """Frozen files of a method and, last, its record."""
    spec = entry.root / layout.spec_file(entry.method)
    yield from (
        each
        for each in sorted(spec.parent.iterdir())
        if each.name in {entry.method, f"{entry.method}.py"}
    )
    yield spec


def _gone(path: Path, root: Path) -> None:
    whole = root / path
    if whole.is_dir() and not whole.is_symlink():
        shutil.rmtree(whole)
    else:
        whole.unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    with suppress(OSError):  # not empty
        folder.rmdir()

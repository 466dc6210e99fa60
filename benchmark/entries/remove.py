"""Remove a method from a track's folder: its experiments, logs and frozen files."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path

from benchmark import layout
from benchmark.entries.find import Entry
from benchmark.workflow.plan import Plan
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.leases import watched
from nnactive.io.seals import seal_file
from nnactive.steps.twins import tidy


def remove(entry: Entry, only: Sequence[Path] | None = None) -> None:
    """Remove an entry, or some of its experiments; the results of other methods stay.

    The record goes last, and only with the last experiment, so that an interrupted removal can be
    repeated.

    Args:
        entry: the method in a track's folder.
        only: folders of some of its experiments; None: all.

    Raises:
        UserError: if a run is working on the method, on whichever machine.
    """
    holder = watched(_leases(entry))
    if holder is not None:
        raise UserError(
            f"{entry.root}: a run is working on {entry.method} (process {holder.pid} on "
            f"{holder.host}); wait for it to end"
        )
    for folder in entry.folders if only is None else only:
        inner = folder.relative_to(entry.root)
        _gone(layout.log_folder(inner), entry.root)
        _gone(layout.lease_file(inner).with_suffix(""), entry.root)
        for aside in (entry.root / layout.aside_folder()).glob(f"*/{escape(str(inner))}"):
            _gone(aside, Path())
        # The result first: the board must not show an experiment without its files.
        (folder / layout.RESULT).unlink(missing_ok=True)
        shutil.rmtree(folder)
        _empty(folder.parent)
        tidy(entry.root / layout.kept_folders(folder.parents[1].name))
    if entry.folders:
        return
    for file in _record(entry):
        _gone(file, Path())


def _leases(entry: Entry) -> Iterator[Path]:
    """Leases of the method's jobs, and of runs that are to make some of them."""
    for folder in entry.folders:
        inner = layout.lease_file(folder.relative_to(entry.root)).with_suffix("")
        yield from (entry.root / inner).rglob("*.lease")
    for lease in (entry.root / layout.journal_folder()).glob("*.lease"):
        plan = entry.root / layout.plan_file(lease.name.removesuffix(".lease"))
        with suppress(UserError):
            if any(each.method == entry.method for each in read_model(plan, Plan).experiments):
                yield lease


def _record(entry: Entry) -> Iterator[Path]:
    """Frozen files of a method and, last, its record."""
    spec = entry.root / layout.spec_file(entry.method)
    yield from (
        each
        for each in sorted(spec.parent.iterdir())
        if each.name in {entry.method, f"{entry.method}.py"}
    )
    yield seal_file(spec)
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

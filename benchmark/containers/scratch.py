"""A folder for temporary files that is gone after a call, also after one that was killed."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmark.containers.orphans import is_orphan, this_process
from benchmark.containers.places import to_write
from nnactive.errors import UserError

PREFIX: Final = "nnactive-scratch-"
MARK: Final = ".caller"
"""Says in the folder which process made it."""


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """Make a folder in ``parent``, or where this machine has temporary files, and remove it.

    Raises:
        UserError: none can be made there.
    """
    base = to_write(parent) if parent else Path(tempfile.gettempdir()).resolve()
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    except OSError as error:
        raise UserError(
            f"{base}: no temporary folder can be made here: {error.strerror}; give --scratch DIR"
        ) from None
    try:
        (folder / MARK).write_text(this_process(), encoding="utf-8")
        _remove_orphans(base)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_orphans(base: Path) -> None:
    for folder in base.glob(f"{PREFIX}*"):
        try:
            own = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
            # What runs inside may have put anything there, such as a pipe that never ends.
            plain = own and stat.S_ISREG((folder / MARK).lstat().st_mode)
            text = (folder / MARK).read_text(encoding="utf-8") if plain else ""
        except (OSError, UnicodeDecodeError):
            continue
        if is_orphan(text):
            shutil.rmtree(folder, ignore_errors=True)

"""What a call may leave behind if it is killed: its container, and its folder for temporary files.

Both carry a note of the process that made them, so that the next call can remove those whose
process is gone.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmark.containers.handover import to_write
from nnactive.errors import UserError

LABEL: Final = "org.nnactive.caller"
"""Label of a container that identifies its caller."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE: Final = Path("/proc/self/ns/pid")
PREFIX: Final = "nnactive-scratch-"
MARK: Final = ".caller"
"""File in a folder for temporary files that identifies its caller."""


def this_process() -> str:
    """An id of this process that no other has, on other machines and in containers either."""
    return f"{_machine()} {os.getpid()} {_started(os.getpid())}"


def is_orphan(caller: str) -> bool:
    """Whether the process whose ``this_process`` this is ran here and is gone."""
    *machine, number, started = ["", "", *caller.split()]
    if not _machine() or " ".join(machine).strip() != _machine() or not number.isdigit():
        return False
    return _started(int(number)) != started


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """Make a folder in ``parent``, or where this machine has temporary files, and remove it.

    Raises:
        UserError: it can't be made there.
    """
    base = to_write(parent) if parent else Path(tempfile.gettempdir()).resolve()
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    except OSError as error:
        raise UserError(
            f"{base}: can't make a temporary folder: {error.strerror}; give --scratch DIR"
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
            # A container may have put anything there, such as a pipe that never ends.
            plain = own and stat.S_ISREG((folder / MARK).lstat().st_mode)
            text = (folder / MARK).read_text(encoding="utf-8") if plain else ""
        except (OSError, UnicodeDecodeError):
            continue
        if is_orphan(text):
            shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    """This boot and the namespace of process ids; empty where they are unknown."""
    try:
        return f"{BOOT.read_text().strip()} {NAMESPACE.readlink()}"
    except OSError:
        return ""


def _started(number: int) -> str:
    """When a process started; empty if there is none."""
    try:
        line = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return ""
    # The name, in brackets, may contain anything; proc(5) counts the rest from field 3.
    return line.rpartition(")")[2].split()[19]

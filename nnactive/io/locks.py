"""Locks between processes, which the system releases when their holder ends, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SECONDS_BETWEEN_TRIES: Final = 0.2


@contextmanager
def exclusive_lock(file: Path, *, seconds: float = 0.0) -> Iterator[bool]:
    """Hold the lock ``file`` while the block runs, if no other process holds it.

    Args:
        file: is made where it is missing, in a folder that exists; while the lock is held, it
            contains the holder's process id (see `lock_holder`).
        seconds: how long to wait for another holder; 0: not at all, inf: as long as it takes.

    Yields:
        Whether the lock is held. False: another process still holds it.
    """
    deadline = time.monotonic() + seconds
    with file.open("a") as handle:
        while not (held := _try_lock(handle.fileno())) and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_TRIES)
        if held:
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
        yield held


def lock_holder(file: Path) -> str:
    """Process id of the last holder of a lock; empty if there was none."""
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

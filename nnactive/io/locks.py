"""Locks between processes of one machine, which the system releases however their holder ends."""

import fcntl
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
        file: is made where it is missing, in a folder that exists.
        seconds: how long to wait for another holder; 0: not at all, inf: as long as it takes.

    Yields:
        Whether the lock is held. False: another process still holds it.
    """
    deadline = time.monotonic() + seconds
    with file.open("a") as handle:
        while not (held := _try_lock(handle.fileno())) and time.monotonic() < deadline:
            time.sleep(SECONDS_BETWEEN_TRIES)
        yield held


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

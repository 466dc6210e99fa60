"""The end of a run: no process that it started is left."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psutil

from benchmark.execution.child_processes import adopt_orphans

SECONDS_TO_END: Final = 40.0
"""How long jobs may take to save; they give their steps 30 s."""
SECONDS_BETWEEN_LOOKS: Final = 0.1


@contextmanager
def all_ended(seconds: float = SECONDS_TO_END) -> Iterator[None]:
    """Wait, at the end of the block, until all processes that it started are gone.

    Processes whose own parent has died count, on Linux. What is left after ``seconds``, or at an
    interrupt during the wait, is killed.
    """
    adopt_orphans()
    before = _descendants()
    try:
        yield
    finally:
        try:
            _wait(before, seconds)
        finally:
            for process in _descendants() - before:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            _wait(before, SECONDS_BETWEEN_LOOKS)


def _descendants() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _wait(before: set[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := _descendants() - before:
        for process in left:
            # Only a zombie that this process adopted can be its child and none of its own.
            with suppress(ChildProcessError, psutil.NoSuchProcess):
                if process.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(process.pid, os.WNOHANG)
        if time.monotonic() >= deadline:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)

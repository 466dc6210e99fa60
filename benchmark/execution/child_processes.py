"""Child processes that end when their parent does, even by ``kill -9``, and leave none behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import psutil

SECONDS_TO_END: Final = 40.0
"""How long the jobs of a run may take to save; they give their steps 30 s."""
SECONDS_BETWEEN_LOOKS: Final = 0.1
PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
PR_GET_CHILD_SUBREAPER: Final = 37
"""Numbers of the ``prctl`` calls, from ``linux/prctl.h``."""


def spawn(
    command: Sequence[str],
    output: IO[bytes],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    files: Collection[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a command in its own session; it gets ``death_signal`` when this process dies.

    On systems other than Linux it outlives this process, which wastes only time, as outputs are
    atomic. Call this from the main thread: the signal is tied to the thread that starts it. The
    command gets the descriptors ``files`` under their numbers.
    """
    parent = os.getpid()
    tie = (lambda: die_with_parent(death_signal, parent)) if sys.platform == "linux" else None
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=folder,
        start_new_session=True,
        pass_fds=tuple(files),
        preexec_fn=tie,  # noqa: PLW1509  (only one system call runs there)
    )


def die_with_parent(death_signal: signal.Signals, parent: int | None = None) -> None:
    """Ask the kernel to send this process ``death_signal`` when its parent dies.

    Args:
        death_signal: what to send.
        parent: the parent's id, from before a fork; None: whoever is the parent now.
    """
    if sys.platform == "linux":
        parent = os.getppid() if parent is None else parent
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        # A parent that died before the call no longer sends anything.
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)


def tie_forks() -> None:
    """Let each process that the main thread forks from now on die with this one, and theirs too.

    So data loaders and the like end even where nobody is left to end them. What another thread
    forks would die with that thread, and isn't tied.
    """
    if sys.platform != "linux":
        return
    prctl = ctypes.CDLL(None).prctl
    parents: list[int] = []

    def note() -> None:
        is_main = threading.current_thread() is threading.main_thread()
        parents[:] = [os.getpid()] if is_main else []

    def tie() -> None:
        if parents:
            prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
            # 0: the parent lives in another process namespace.
            if os.getppid() not in {parents[0], 0}:
                os.kill(os.getpid(), signal.SIGKILL)

    os.register_at_fork(before=note, after_in_child=tie)


def adopt_orphans(*, adopt: bool = True) -> None:
    """Make descendants whose parent dies children of this process, those in other sessions too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt))


def adopts_orphans() -> bool:
    """Whether this process adopts orphans."""
    found = ctypes.c_int(0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(found))
    return bool(found.value)


def descendants(spared: Collection[int] = ()) -> list[psutil.Process]:
    """Living processes below this one, without the children ``spared`` and what is below them."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        if child.pid not in spared:
            found.append(child)
            with suppress(psutil.NoSuchProcess):
                found.extend(child.children(recursive=True))
    return found


def end_descendants(spared: Collection[int] = (), seconds: float = 60.0) -> dict[int, int]:
    """Kill and reap all that is below this process, again until nothing is left.

    This finds what was orphaned only where `adopt_orphans` was called before.

    Args:
        spared: children to leave alone, with all that is below them.
        seconds: when to give up, as with a process that hangs in the kernel.

    Returns:
        The wait status of each child that ended.
    """
    ended: dict[int, int] = {}
    deadline = time.monotonic() + seconds
    while (left := descendants(spared)) and time.monotonic() < deadline:
        for process in left:
            with suppress(psutil.Error, ProcessLookupError, PermissionError):
                process.kill()
        for process in left:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(process.pid, os.WNOHANG)
                if pid:
                    ended[pid] = status
        time.sleep(0.005)
    return ended


@contextmanager
def all_ended(seconds: float = SECONDS_TO_END) -> Iterator[None]:
    """Wait, at the end of the block, until all processes that it started are gone.

    Processes whose own parent has died count, on Linux. What is left after ``seconds``, or at an
    interrupt during the wait, is killed.
    """
    adopted = adopts_orphans()
    adopt_orphans()
    before = set(descendants())
    try:
        yield
    finally:
        try:
            _wait_for_end(before, seconds)
        finally:
            for process in set(descendants()) - before:
                with suppress(psutil.Error):
                    process.kill()
            _wait_for_end(before, SECONDS_BETWEEN_LOOKS)
            adopt_orphans(adopt=adopted)


def _wait_for_end(before: set[psutil.Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := set(descendants()) - before:
        for process in left:
            # Only a zombie that this process adopted can be its child and none of its own.
            with suppress(ChildProcessError, psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    os.waitpid(process.pid, os.WNOHANG)
        if time.monotonic() >= deadline:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)

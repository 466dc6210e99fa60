"""Child processes that end when their parent does, even by ``kill -9``."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
"""Number of the ``prctl`` call, from ``linux/prctl.h``."""


def spawn(
    command: Sequence[str],
    output: IO[bytes],
    *,
    death_signal: signal.Signals = signal.SIGKILL,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a command in its own session; it gets ``death_signal`` when this process dies.

    On systems other than Linux it outlives this process, which wastes only time, as outputs are
    atomic. Call this from the main thread: the signal is tied to the thread that starts it.
    """
    tie = (lambda: die_with_parent(death_signal)) if sys.platform == "linux" else None
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=folder,
        start_new_session=True,
        preexec_fn=tie,  # noqa: PLW1509  (only one system call runs there)
    )


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send this process ``death_signal`` when its parent dies."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        # A parent that died before the call no longer sends anything.
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

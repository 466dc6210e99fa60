"""Processes that end when the one that started them does, even by ``kill -9``."""

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
    """Start a command in a session of its own; it gets ``death_signal`` when this process dies.

    Elsewhere than on Linux it outlives this process; its outputs are atomic, so that costs only
    time. Call it from the main thread: the signal is tied to the thread that starts the process.
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
        preexec_fn=tie,  # noqa: PLW1509  (nothing but one system call runs there)
    )


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send this process ``death_signal`` when its parent dies."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal))
        # A parent that died before the call sends nothing any more.
        if os.getppid() != parent:
            os.kill(os.getpid(), death_signal)

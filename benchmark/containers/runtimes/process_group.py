"""Runs a container's program in a process group that ends on SIGTERM, or when its parent dies.

Apptainer's own process can't be tied to its parent, as the kernel drops the tie when a process
enters a user namespace; and if it is killed, it leaves the container running.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

from benchmark.execution.child_processes import die_with_parent

SECONDS_TO_END: Final = 45
"""How long a container may take to end when asked to: a run gives its jobs 40 s to save."""


class _EndError(Exception):
    """The container is to end."""


def start_group(command: Sequence[str], env: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a command whose container ends with this process; SIGTERM ends it gracefully.

    Call it from the main thread: the tie is to the thread that starts the process.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "benchmark.containers.runtimes.process_group", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509  (one system call)
    )


def end_group(process: "subprocess.Popen[bytes]") -> int:
    """End a command that `start_group` started, its container first; returns its exit code."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        return process.wait(2 * SECONDS_TO_END)
    process.kill()
    return process.wait()


def main(command: Sequence[str]) -> int:
    """Run a command to its end, and return its exit code: 128 + n if signal n ended it."""
    process: subprocess.Popen[bytes] | None = None
    asked = False

    def end(_: int, __: FrameType | None) -> None:
        nonlocal asked
        asked = True
        # What is just being started must be known first, or nothing could end it.
        if process:
            raise _EndError

    signal.signal(signal.SIGTERM, end)
    # A process started in the background may ignore it, and pass that on to the container.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        process = subprocess.Popen(command)
        if asked:
            raise _EndError
        status = process.wait()
    except _EndError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        assert process is not None  # noqa: S101  (only then it is raised)
        status = _end(process)
    return status if status >= 0 else 128 - status


def _end(process: "subprocess.Popen[bytes]") -> int:
    # As Ctrl-C, which it passes on into the container.
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(SECONDS_TO_END)
    # The container's first process: when it dies, so do all others inside.
    for child in _children(process.pid):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(SECONDS_TO_END)
    process.kill()
    return process.wait()


def _children(number: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{number}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

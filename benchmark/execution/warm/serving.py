"""Have a server at work while a run lasts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from benchmark.execution.child_processes import spawn
from benchmark.execution.strays import end_strays
from benchmark.execution.supervisor import GRACE_SECONDS, SERVER

LONGEST_ADDRESS: Final = 100
"""Bytes; the kernel takes 107."""
WAITING_JOBS: Final = 512
SECONDS_TO_END: Final = GRACE_SECONDS + 30
ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
)
"""Some libraries start threads while they are imported, which no fork takes along."""


@contextmanager
def serving(
    output: IO[bytes], env: Mapping[str, str], *, heavy: bool = True
) -> Iterator[dict[str, str]]:
    """Have a server at work while the block runs, and wait at its end until its jobs are gone.

    Args:
        output: where the server writes.
        env: environment variables of the run's processes.
        heavy: whether it imports torch and what hangs on it, too.

    Yields:
        The variables with the one by which jobs find the server.
    """
    end_strays()
    folder = Path(tempfile.mkdtemp(prefix="nnactive-", dir=_place()))
    address = str(folder / "s")
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen(WAITING_JOBS)
            command = [sys.executable, "-P", "-m", "benchmark.execution.warm.server"]
            command += [str(listener.fileno()), *(["--heavy"] if heavy else [])]
            server = spawn(
                command,
                output,
                death_signal=signal.SIGTERM,
                env={**env, **ONE_THREAD},
                files=[listener.fileno()],
            )
        try:
            yield {**env, SERVER: address}
        finally:
            _end(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place() -> str | None:
    """A folder for the socket whose path is short enough; None: that for temporary files."""
    usual = tempfile.gettempdir()
    short = "/tmp"  # noqa: S108
    fits = len(os.fsencode(usual)) + len("/nnactive-12345678/s") < LONGEST_ADDRESS
    return None if fits or not os.access(short, os.W_OK) else short


def _end(server: "subprocess.Popen[bytes]") -> None:
    """End the server, and with it its jobs."""
    server.terminate()
    try:
        server.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()

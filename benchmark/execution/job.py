"""Run one job's command: output in its log, a GPU to itself, ended with the workflow.

``python -m benchmark.execution.job --log FILE [--threads N] [--gpus 0,1] -- COMMAND ...``
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from benchmark.execution.child_processes import die_with_parent, spawn
from benchmark.execution.gpu_locks import hold_gpu
from benchmark.execution.log import SIGNALLED, STATUS
from nnactive.devices import VISIBLE

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def run(command: Sequence[str], log: Path, threads: int, gpus: Sequence[str]) -> int:
    """Run a command with its output in ``log``; return its exit status, 128 + n after signal n."""
    log.parent.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)))
    with log.open("wb", buffering=0) as output, hold_gpu(gpus) if gpus else nullcontext("") as gpu:
        if gpu:
            env[VISIBLE] = gpu
        status = _supervise(command, output, env)
        output.write(f"\n{STATUS}{status}\n".encode())
    return status


def _supervise(command: Sequence[str], output: IO[bytes], env: dict[str, str]) -> int:
    process: subprocess.Popen[bytes] | None = None

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        _kill_group(process)
        sys.exit(SIGNALLED + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    process = spawn(command, output, env=env)
    status = process.wait()
    # Processes that the command left behind end with it.
    _kill_group(process)
    return status if status >= 0 else SIGNALLED - status


def _kill_group(process: "subprocess.Popen[bytes] | None") -> None:
    if process is not None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gpus", default="")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    die_with_parent(signal.SIGTERM)
    gpus = [gpu for gpu in options.gpus.split(",") if gpu]
    return run(options.command, options.log, options.threads, gpus)


if __name__ == "__main__":
    sys.exit(main())

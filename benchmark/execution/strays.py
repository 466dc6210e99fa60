"""What jobs have left on this machine though all that could end it was killed."""

from contextlib import suppress
from typing import Final

import psutil

JOB: Final = "NNACTIVE_JOB"
"""Environment variable of all that a step starts: the job's output."""
SUPERVISING: Final = "benchmark.execution."
"""In the command line of each process that ends what is below it."""


def end_strays() -> None:
    """Kill processes that jobs have started and no supervisor is above any more, of any run."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if JOB in process.environ() and not _is_supervised(process):
                process.kill()


def _is_supervised(process: psutil.Process) -> bool:
    """Whether the process or one above it is a server, a supervisor, or a step that one forked."""
    family = [process, *process.parents()]
    return any(SUPERVISING in word for each in family for word in each.cmdline())

"""A job's log: its last line has the exit status; the lines before say why a job failed."""

import signal
from pathlib import Path
from typing import Final

from benchmark.child_errors import reported_cause

TAIL_BYTES: Final = 4096
STATUS: Final = "exit status "
"""Begins the last line of a log."""
SIGNALLED: Final = 128
"""Added to the signal's number where a signal ended a command."""


def exit_status(log: Path) -> int | None:
    """Exit status at the end of a job's log; None while it runs, or if it was killed."""
    last = _tail(log)[-1:]
    text = last[0].removeprefix(STATUS) if last else ""
    return int(text) if last and last[0] != text and text.isdigit() else None


def reason(log: Path) -> str:
    """The cause of a failure according to the job's log, in one line."""
    lines = _tail(log)
    cause = reported_cause(lines)
    if cause is not None:
        return cause
    status = exit_status(log)
    if status is not None and status > SIGNALLED:
        number = status - SIGNALLED
        memory = " (the system may have run out of memory)" if number == signal.SIGKILL else ""
        return f"was ended by signal {number}{memory}"
    return f"failed with exit status {status}" if status is not None else "was interrupted"


def _tail(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()

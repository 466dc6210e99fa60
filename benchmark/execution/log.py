"""A job's log: its last line has the exit status; the lines before say why a job failed."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmark.child_errors import error_line, reported_cause
from benchmark.execution.statuses import UNFINISHED

TAIL_BYTES: Final = 4096
LAST_LINES_BYTES: Final = 2048
"""Room that is kept in a log for its last lines."""
STATUS: Final = "exit status "
"""Begins the last line of a log."""
SIGNALLED: Final = 128
"""Added to the signal's number where a signal ended a command."""


class LogFile:
    """A log that is being written; on a full disk it ends early, without an error."""

    def __init__(self, file: Path, most: int | None = None) -> None:
        self._room = None if most is None else max(0, most - LAST_LINES_BYTES)
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(file, flags, 0o644)

    def add(self, text: bytes) -> bool:
        """Add output of the job; False once it is more than the log may hold."""
        taken = text if self._room is None else text[: self._room]
        self._write(taken)
        if self._room is not None:
            self._room -= len(taken)
        return len(taken) == len(text)

    def close(self, status: int, cause: str | None = None) -> None:
        """Add the last lines: the cause, if the job hasn't reported it itself, and the status."""
        told = "" if cause is None else f"\n{error_line(cause)}"
        self._write(f"{told}\n{STATUS}{status}\n".encode())
        os.close(self._handle)
        self._handle = -1

    def _write(self, text: bytes) -> None:
        with suppress(OSError):
            os.write(self._handle, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle >= 0:
            os.close(self._handle)


def exit_status(log: Path) -> int | None:
    """Exit status at the end of a job's log; None while it runs, or if it was killed."""
    last = _tail(log)[-1:]
    text = last[0].removeprefix(STATUS) if last else ""
    return int(text) if last and last[0] != text and text.isdigit() else None


def reason(log: Path) -> str:
    """The cause of a failure according to the job's log, in one line."""
    cause = reported_cause(_tail(log))
    if cause is not None:
        return cause
    status = exit_status(log)
    if status == UNFINISHED:
        return "was stopped; its progress is saved"
    if status is not None and status > SIGNALLED:
        return f"was ended by signal {status - SIGNALLED}"
    return f"failed with exit status {status}" if status is not None else "was interrupted"


def _tail(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()

"""Events: what happens to jobs, appended to files below the track's folder, a line each."""

import os
import time
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from benchmark import layout
from nnactive.io.models import Frozen

Kind = Literal["began", "ended", "failed", "stopped", "reset"]
START_OF_LINE: Final = b'{"kind":'
"""How every line begins."""


class Event(Frozen):
    """One event; a line of JSON."""

    kind: Kind
    """"stopped": ended early with everything saved, and to be continued. "reset": to be made again,
    its output is gone or its failure was cleared."""
    job: str
    """The job's output, relative to the track's folder."""
    step: str
    """Name of its step."""
    time: float = Field(default_factory=lambda: round(time.time(), 6))
    """Seconds since 1970."""
    seconds: float | None = None
    """How long it ran, once it is over."""
    status: int | None = None
    """Its exit status, once it is over."""
    reason: str | None = None
    """Why it failed, in one line."""
    host: str = ""
    pid: int = 0
    gpu: str | None = None
    scheduled: str | None = None
    """The cluster job's id."""


def append(root: Path, writer: str, event: Event) -> None:
    """Append an event to a writer's journal; one call of the system, whole or not at all.

    Args:
        root: the track's folder.
        writer: the run or shard that the job belongs to; its jobs are all on one machine.
        event: what happened.
    """
    file = root / layout.journal_file(writer)
    file.parent.mkdir(parents=True, exist_ok=True)
    line = event.model_dump_json(exclude_none=True) + "\n"
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def parse(line: bytes) -> Event | None:
    """The event in a journal's line; None if it isn't one that this release knows.

    An event after half a line, which a killed machine left, is found.
    """
    try:
        return Event.model_validate_json(line)
    except ValidationError:
        begin = line.rfind(START_OF_LINE)
    if begin <= 0:
        return None
    return parse(line[begin:])

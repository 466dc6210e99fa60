"""Who holds a lease, and whether that process is alive; no two clocks are ever compared."""

import errno
import json
import os
import socket
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from pydantic import ValidationError

from nnactive.errors import UserError
from nnactive.io.models import StateFile, fields_of

SILENT_SECONDS: Final = 60.0
"""A holder on another machine counts as dead once this one has seen no touch for so long."""
JOB_VARIABLES: Final = ("SLURM_JOB_ID", "LSB_JOBID", "PBS_JOBID", "JOB_ID")
LARGEST: Final = 1 << 16
"""Bytes of a lease file that are read."""


class Holder(StateFile):
    """Who holds a lease."""

    token: str
    """Unique to this hold."""
    host: str
    pid: int
    started: str
    """When the process started, as its kernel counts: another process may get the same id."""
    boot: str
    """The kernel's boot and process namespace: process ids mean something within these only."""
    job: str | None = None
    """The cluster job's id, as its scheduler calls it."""
    since: float
    """Seconds since 1970 by the holder's clock; for people."""

    @classmethod
    def here(cls) -> Self:
        """This process, with a new token."""
        pid = os.getpid()
        return cls(
            token=uuid.uuid4().hex,
            host=socket.gethostname(),
            pid=pid,
            started=_started(pid) or "",
            boot=boot(),
            job=next((os.environ[v] for v in JOB_VARIABLES if os.environ.get(v)), None),
            since=round(time.time(), 3),
        )

    @property
    def alive(self) -> bool | None:
        """Whether the process lives; None: unknown, it is on another machine or in a container."""
        if not self.boot or self.boot != boot():
            return None
        if (started := _started(self.pid)) is not None:
            return started == self.started
        return None if _is_hidden(self.pid) else False


@dataclass(frozen=True)
class Seen:
    """A lease file at one moment."""

    mark: str
    """Changes with each touch, and with each holder."""
    holder: Holder | None
    """None: the file is broken or empty."""

    @property
    def token(self) -> str:
        """The holder's token; of a broken file its mark."""
        return self.holder.token if self.holder else self.mark


def look(file: Path) -> Seen | None:
    """What a lease file says now; None if there is none.

    The file is opened first: network file systems then ask the server, not their cache.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST)
            about = os.fstat(opened.fileno())
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ESTALE:  # replaced or removed on the server meanwhile
            return None
        raise
    return Seen(f"{about.st_ino}.{about.st_mtime_ns}.{about.st_size}", _parsed(content))


@dataclass
class Watcher:
    """Watches leases by this machine's own steady clock, for as long as it is kept."""

    silent: float = SILENT_SECONDS
    """Seconds after which an unchanged lease counts as that of a dead holder."""
    _since: dict[Path, tuple[str, float]] = field(default_factory=dict)

    def is_free(self, file: Path, seen: Seen) -> bool:
        """Whether the holder is dead: surely, or silent while it was watched."""
        alive = seen.holder.alive if seen.holder else None
        if alive is not None:
            return not alive
        mark = f"{seen.token}.{seen.mark}"
        before, since = self._since.get(file, ("", 0.0))
        if before != mark:
            self._since[file] = mark, time.monotonic()
            return False
        return time.monotonic() - since >= self.silent

    def holds(self, file: Path) -> bool:
        """Whether somebody holds a lease; one who can't be asked does until silent for too long."""
        seen = look(file)
        return seen is not None and not self.is_free(file, seen)


def living(file: Path) -> Holder | None:
    """The holder of a lease; None if it is free, broken, or its process surely died.

    A holder on another machine counts as living: a single look can't tell (see `watched`).
    """
    seen = look(file)
    holder = seen.holder if seen else None
    return None if holder is None or holder.alive is False else holder


def watched(files: Iterable[Path], seconds: float = SILENT_SECONDS) -> Holder | None:
    """A living holder of one of these leases; those of other machines are watched for a touch.

    Takes no time where all holders are on this machine, up to ``seconds`` otherwise.
    """
    first = {}
    for file in files:
        if (holder := living(file)) is None:
            continue
        if holder.alive:
            return holder
        first[file] = look(file)
    deadline = time.monotonic() + seconds
    while first and time.monotonic() < deadline:
        time.sleep(min(1.0, seconds))
        for file, before in list(first.items()):
            now = look(file)
            if now is None:
                del first[file]
            elif now != before:
                return now.holder
    return None


def boot() -> str:
    """This kernel's boot and process namespace; empty where the system doesn't tell."""
    with suppress(OSError):
        name = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{name} {Path('/proc/self/ns/pid').readlink()}"
    return ""


def _parsed(content: bytes) -> Holder | None:
    try:
        return Holder.model_validate(fields_of(Holder, json.loads(content)))
    except (ValueError, ValidationError, UserError, RecursionError):
        return None


def _started(pid: int) -> str | None:
    """Start time of a process; None if there is none of this id."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    after = fields.rpartition(")")[2].split()
    return None if after[0] in {"Z", "X"} else after[19]


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of another user that /proc doesn't show."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return False  # a zombie

"""Leases: who is writing a file now, on whichever machine; right on shared file systems.

A lease is a file that names its holder and that the holder keeps touching. It appears in one step
with its whole content, and nothing needs flock.
"""

import os
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.models import StateFile, file_text

BEAT_SECONDS: Final = 10.0
"""How often a holder touches its lease."""
SILENT_SECONDS: Final = 60.0
"""Without a touch for so long, a holder on another machine counts as dead."""
JOB_VARIABLES: Final = ("SLURM_JOB_ID", "LSB_JOBID", "PBS_JOBID", "JOB_ID")


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
    """Seconds since 1970 by the holder's clock."""

    @classmethod
    def here(cls) -> Self:
        """This process, with a new token."""
        pid = os.getpid()
        return cls(
            token=uuid.uuid4().hex,
            host=socket.gethostname(),
            pid=pid,
            started=_started(pid) or "",
            boot=_boot(),
            job=next((os.environ[v] for v in JOB_VARIABLES if os.environ.get(v)), None),
            since=round(time.time(), 3),
        )


class Lease:
    """A lease that this process holds; the holder calls `beat` often, or uses `lease`."""

    def __init__(self, file: Path, holder: Holder) -> None:
        self.file, self.holder = file, holder
        self._beaten = time.monotonic()

    @classmethod
    def take(cls, file: Path) -> "Lease | None":
        """Take the lease ``file`` now; None if another living process holds it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        holder = Holder.here()
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as draft:
                draft.write(file_text(holder))
            for _ in range(2):
                with suppress(FileExistsError):
                    os.link(name, file)
                    return cls(file, holder)
                if living(file) is not None:
                    return None
                file.unlink(missing_ok=True)
            return None
        finally:
            Path(name).unlink(missing_ok=True)

    def beat(self) -> None:
        """Touch the lease if it is time."""
        if time.monotonic() - self._beaten >= BEAT_SECONDS:
            with suppress(OSError):
                os.utime(self.file)
            self._beaten = time.monotonic()

    def release(self) -> None:
        """Give the lease back, unless another process has taken it over."""
        with suppress(UserError):
            if read_model(self.file, Holder).token == self.holder.token:
                self.file.unlink(missing_ok=True)


@contextmanager
def lease(file: Path, *, seconds: float = 0.0) -> Iterator[bool]:
    """Hold the lease ``file`` while the block runs, touched by a thread.

    Args:
        file: the lease.
        seconds: how long to wait for a living holder; 0: not at all, inf: as long as it takes.

    Yields:
        Whether it is held. False: another living process holds it.
    """
    deadline = time.monotonic() + seconds
    while (held := Lease.take(file)) is None and time.monotonic() < deadline:
        time.sleep(0.5)
    if held is None:
        yield False
        return
    over = threading.Event()

    def touch() -> None:
        while not over.wait(1.0):
            held.beat()

    thread = threading.Thread(target=touch, daemon=True)
    thread.start()
    try:
        yield True
    finally:
        over.set()
        thread.join()
        held.release()


def living(file: Path) -> Holder | None:
    """The living holder of a lease; None if it is free, or its holder died."""
    try:
        holder = read_model(file, Holder)
        silent = time.time() - file.stat().st_mtime
    except (UserError, FileNotFoundError):
        return None
    if holder.boot == _boot():
        return holder if _started(holder.pid) == holder.started else None
    return holder if silent < SILENT_SECONDS else None


def _boot() -> str:
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def _started(pid: int) -> str | None:
    """Start time of a process; None if there is none of this id."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    after = fields.rpartition(")")[2].split()
    return None if after[0] == "Z" else after[19]

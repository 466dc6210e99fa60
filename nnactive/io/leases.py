"""Leases: who is writing a file now, on whichever machine; right on shared file systems.

A lease is a file that names its holder and that the holder keeps touching. It appears in one step
with its whole content, and nothing needs flock. Whoever takes over from a dead holder first takes
the turn for it, which is a lease, too: of several takers one replaces the file.
"""

import errno
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from nnactive.errors import NnactiveError
from nnactive.io.holders import SILENT_SECONDS, Holder, Seen, Watcher, living, look, watched
from nnactive.io.models import file_text

__all__ = [
    "BEAT_SECONDS",
    "LEASE",
    "SILENT_SECONDS",
    "Holder",
    "Lease",
    "LeaseLostError",
    "confirm",
    "lease",
    "living",
    "watched",
]

BEAT_SECONDS: Final = 10.0
"""How often a holder touches its lease."""
PAUSE_SECONDS: Final = 0.5
"""How long a waiting process sleeps between two tries."""
LEASE: Final = "NNACTIVE_LEASE"
"""Variable that tells a step the lease that it runs under: ``TOKEN:FILE``."""
NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL})
"""Error numbers of file systems without hard links."""


class LeaseLostError(NnactiveError):
    """Another process took the lease over: what this one made must not get its final name."""

    exit_code = 75
    """No failure: the other process makes it."""


class Lease:
    """A lease that this process holds; the holder calls `beat` often, or uses `lease`."""

    def __init__(self, file: Path, holder: Holder, silent: float = SILENT_SECONDS) -> None:
        self.file, self.holder, self.lost = file, holder, False
        self._silent = silent
        self._beaten = time.monotonic()

    @classmethod
    def take(
        cls, file: Path, *, seconds: float = 0.0, watcher: Watcher | None = None
    ) -> "Lease | None":
        """Take the lease ``file``.

        Args:
            file: the lease; its folder is made.
            seconds: how long to try while another process holds it. A holder that died on this
                machine is noticed at once; one elsewhere if its lease stays untouched for
                `SILENT_SECONDS` of these.
            watcher: has watched the lease before; by default a new one.

        Returns:
            None if another process still holds it.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        watcher = watcher or Watcher()
        deadline = time.monotonic() + seconds
        while True:
            holder = Holder.here()
            begun = time.monotonic()
            if _create(file, holder) or _take_over(file, holder, watcher):
                held = cls(file, holder, watcher.silent)
                held._beaten = begun
                return held
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(PAUSE_SECONDS, left))

    @classmethod
    def take_watched(cls, file: Path, *, silent: float = SILENT_SECONDS) -> "Lease | None":
        """Take the lease ``file``, or know that its holder lives: None then.

        Takes no time but where a process on another machine holds it: until its next touch, or
        until it was ``silent`` seconds without one.
        """
        watcher, first = Watcher(silent), look(file)
        while (held := cls.take(file, watcher=watcher)) is None:
            now = look(file)
            if now is not None and now.holder is not None and now.holder.alive:
                return None
            if now is not None and first is not None and now != first:
                return None
            time.sleep(min(PAUSE_SECONDS, silent))
            first = first or now
        return held

    @property
    def variable(self) -> dict[str, str]:
        """For the environment of a step that runs under this lease, see `confirm`."""
        return {LEASE: f"{self.holder.token}:{self.file.absolute()}"}

    def beat(self, *, now: bool = False) -> None:
        """Touch the lease if it is time, or ``now``.

        Raises:
            LeaseLostError: if another process has taken it over, or nobody could tell for so long
                that one may have.
        """
        begun = time.monotonic()
        if not (now or self.lost) and begun - self._beaten < BEAT_SECONDS:
            return
        try:
            seen = look(self.file)
            self.lost |= seen is None or seen.token != self.holder.token
            if not self.lost:
                os.utime(self.file)
                self._beaten = begun
        except OSError:
            self.lost |= begun - self._beaten >= self._silent
        if self.lost:
            raise LeaseLostError(_lost(self.file))

    def release(self) -> None:
        """Give the lease back, unless another process has taken it over."""
        if time.monotonic() - self._beaten < self._silent / 2:
            _remove(self.file, self.holder.token)
            return
        # Silent for so long that another process may be about to take it over: not without a turn.
        with _turn(self.file, self.holder.token, Watcher(self._silent)) as ours:
            if ours:
                _remove(self.file, self.holder.token)


@contextmanager
def lease(file: Path, *, seconds: float = 0.0, watch: bool = False) -> Iterator[Lease | None]:
    """Hold the lease ``file`` while the block runs, touched by a thread.

    Args:
        file: the lease.
        seconds: how long to wait for a living holder; 0: not at all, inf: as long as it takes.
        watch: instead, wait only to learn whether a holder on another machine lives, see
            `Lease.take_watched`.

    Yields:
        The lease; None: another living process holds it.
    """
    held = Lease.take_watched(file) if watch else Lease.take(file, seconds=seconds)
    if held is None:
        yield None
        return
    over = threading.Event()

    def touch() -> None:
        with suppress(LeaseLostError):
            while not over.wait(1.0):
                held.beat()

    thread = threading.Thread(target=touch, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()
        held.release()


def confirm() -> None:
    """Check that the lease this step runs under is still its own, before its output is moved.

    Raises:
        LeaseLostError: if it isn't.
    """
    token, _, name = os.environ.get(LEASE, "").partition(":")
    if not token:
        return
    seen = look(Path(name))
    if seen is None or seen.token != token:
        raise LeaseLostError(_lost(Path(name)))


def _lost(file: Path) -> str:
    return f"{file}: another process took the lease over; run the same command again"


def _take_over(file: Path, holder: Holder, watcher: Watcher) -> bool:
    """Replace the lease of a dead holder."""
    stale = look(file)
    if stale is None or not watcher.is_free(file, stale):
        return False
    begun = time.monotonic()
    with _turn(file, stale.token, watcher) as ours, _draft(file, holder) as draft:
        # Still the same, untouched; and this process was not itself silent since.
        if ours and look(file) == stale and time.monotonic() - begun < watcher.silent / 2:
            draft.replace(file)
            return True
    return False


@contextmanager
def _turn(file: Path, token: str, watcher: Watcher) -> Iterator[bool]:
    """The right to replace or remove a lease file while it has ``token``; one process has it."""
    name = hashlib.sha256(f"{file.name} {token}".encode()).hexdigest()[:24]
    turn = Lease.take(file.with_name(f".{name}.turn"), watcher=watcher)
    try:
        yield turn is not None
    finally:
        if turn is not None:
            turn.release()


def _create(file: Path, holder: Holder) -> bool:
    """Make a lease file where there is none; whole or not at all."""
    if look(file) is not None:  # so that no draft needs to be made
        return False
    with _draft(file, holder) as draft:
        try:
            os.link(draft, file)
        except OSError as error:
            if error.errno in NO_LINKS:
                return _create_exclusively(file, holder)
            if not isinstance(error, FileExistsError):
                raise
            # A repeated request on NFS: the first one made the link, its answer was lost.
            return draft.stat().st_nlink == 2  # noqa: PLR2004
    return True


def _create_exclusively(file: Path, holder: Holder) -> bool:
    """The same without hard links; for a moment the file is empty."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    try:
        os.write(handle, file_text(holder).encode())
    except OSError:
        file.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return True


@contextmanager
def _draft(file: Path, holder: Holder) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(file_text(holder))
        draft.chmod(0o644)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _remove(file: Path, token: str) -> None:
    seen: Seen | None = None
    with suppress(OSError):
        seen = look(file)
    if seen is not None and seen.token == token:
        file.unlink(missing_ok=True)

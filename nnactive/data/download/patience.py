"""Waiting for a server: every wait is told with its reason and its end, and all have a limit."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TypeVar

from nnactive.data.progress import Amount
from nnactive.errors import NnactiveError
from nnactive.io.formatting import duration, size

Result = TypeVar("Result")
ATTEMPTS = 6
"""In a row without receiving a new byte."""
BACK_OFF = 1.0
"""Seconds; doubled at each attempt after the second, which follows at once."""
LONGEST = 600
"""Seconds that are waited between attempts for one file at one address, all waits together."""
SILENCE = 5.0
"""Seconds without a byte, or with fewer than ``FLOOR`` each, after which this is told."""
FLOOR = 1 << 10
"""Bytes per second below which a transfer isn't worth waiting for."""
WINDOW = 60
"""Seconds for which a transfer may be slower than that."""
Wait = Callable[[str, float, float], None]
"""Receives why nothing happens and what ends it, the seconds waited so far, and their limit."""


class TransferError(NnactiveError):
    """A file could not be fetched from an address."""


class SlowError(TransferError):
    """Too little comes from an address; the message is only the cause."""


class Floor:
    """Judges whether a transfer brings enough: ``FLOOR`` bytes per second over a window."""

    def __init__(self, done: int = 0, window: float | None = None) -> None:
        """Begin with ``done`` bytes; a window is ``WINDOW`` seconds if nothing else is said."""
        self.window = WINDOW if window is None else window
        self.since = self.last = time.monotonic()
        self.before = self.done = done

    @property
    def slow(self) -> bool:
        """Whether too little came for long enough that this is told."""
        passed = time.monotonic() - self.since
        return passed >= SILENCE and self.done - self.before < FLOOR * passed

    @property
    def told(self) -> str:
        """What is too little, for a message."""
        return f"less than {size(FLOOR)}/s"

    def update(self, done: int) -> None:
        """Count what is there now; a window begins again whenever its bytes are complete.

        Raises:
            SlowError: a window is over and its bytes aren't.
        """
        now = time.monotonic()
        if done != self.done:
            self.last = now
        self.done, self.before = done, min(self.before, done)  # a client may begin again
        if done - self.before >= FLOOR * self.window:
            self.since, self.before = now, done
        elif now - self.since >= self.window:
            raise SlowError(f"{self.told} came for {duration(self.window)}")


class Patience:
    """Attempts to get one file from one address, and the waits between them."""

    def __init__(self, tell: Wait) -> None:
        self.tell = tell
        self.failures = 0
        self.waited = 0.0

    def renew(self) -> None:
        """Begin to count again, because something came; the waits remain counted."""
        self.failures = 0

    def pause(self, cause: str, asked: float | None = None) -> None:
        """Wait before the next attempt.

        Args:
            cause: why another attempt is needed.
            asked: seconds that the server asked to wait; None: it didn't.

        Raises:
            TransferError: the attempts are used up, or the wait would exceed ``LONGEST``.
        """
        self.failures += 1
        if self.failures >= ATTEMPTS:
            raise TransferError(f"{cause}, {ATTEMPTS} times in a row" if ATTEMPTS > 1 else cause)
        seconds = asked
        if seconds is None:
            seconds = BACK_OFF * 2 ** (self.failures - 1) if self.failures > 1 else 0
        asks = "" if asked is None else f" and asks to wait {duration(asked)}"
        if self.waited + seconds > LONGEST:
            before = f", of which {duration(self.waited)} are used up" if self.waited else ""
            raise TransferError(
                f"{cause}{asks}, but waits are limited to {duration(LONGEST)} in all{before}"
            )
        self.waited += seconds
        again = f"attempt {self.failures + 1} of {ATTEMPTS} follows"
        self._sleep(f"{cause}{asks}; {again}", seconds)

    def _sleep(self, why: str, seconds: float) -> None:
        """Wait, telling so each second, for a countdown."""
        left = seconds
        while left > 0:
            self.tell(why, seconds - left, seconds)
            time.sleep(min(1, left))
            left -= 1


def watched(
    work: Callable[[], Result],
    brought: Callable[[], int],
    source: str,
    tell: Wait,
    amount: Amount | None = None,
) -> Result:
    """Run a client that tells nothing, and report what it brings and its silence.

    Args:
        work: the client; runs in a thread, which is left alone if it never ends.
        brought: bytes that came so far.
        source: who is silent.
        tell: receives its silence.
        amount: receives the size whenever that has changed, if the client doesn't report it.

    Raises:
        TransferError: too little came for ``LONGEST`` seconds.
    """
    done = _begin(work)
    before, floor = -1, Floor(brought(), LONGEST)
    while not wait((done,), timeout=min(1, SILENCE)).done:
        there = brought()
        if amount and there != before:
            before = there
            amount(there, None)
        try:
            floor.update(there)
        except SlowError:
            raise TransferError(
                f"{floor.told} came from {source} for {duration(LONGEST)}"
            ) from None
        _tell(floor, source, tell, LONGEST)
    return done.result()


def begun(work: Callable[[], Result], source: str, tell: Wait) -> Result:
    """Wait until a server begins to answer, ``WINDOW`` seconds at most, and tell it.

    Args:
        work: asks the server; runs in a thread, which is left alone if it never ends.
        source: who is asked.
        tell: receives its silence.

    Raises:
        SlowError: it took longer.
    """
    done, began = _begin(work), time.monotonic()
    why = f"no answer comes from {source}; gave up after {duration(WINDOW)}"
    while not wait((done,), timeout=min(1, SILENCE)).done:
        passed = time.monotonic() - began
        if passed >= WINDOW:
            raise SlowError(f"the server didn't answer within {duration(WINDOW)}")
        if passed >= SILENCE:
            tell(why, passed, WINDOW)
    return done.result()


def _begin(work: Callable[[], Result]) -> Future[Result]:
    """Run something in a thread that ends with this process."""
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  (raised again by its reader)
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return done


@contextmanager
def silence_told(source: str, floor: Floor, limit: float, tell: Wait) -> Iterator[None]:
    """While the block runs, tell each second for how long nothing or too little has come.

    Args:
        source: who is silent.
        floor: what has come; the block keeps it up to date.
        limit: seconds of silence after which the caller's client gives up.
        tell: receives it, in another thread.
    """
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(min(1, SILENCE)):
            _tell(floor, source, tell, limit)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _tell(floor: Floor, source: str, tell: Wait, limit: float) -> None:
    """Tell a silence, or that too little comes, if it is for long."""
    now = time.monotonic()
    if now - floor.last >= SILENCE:
        why = f"nothing comes from {source}; gave up after {duration(limit)} of silence"
        tell(why, min(now - floor.last, limit), limit)
    elif floor.slow:
        why = f"{floor.told} comes from {source}; gave up after {duration(floor.window)} of that"
        tell(why, min(now - floor.since, floor.window), floor.window)

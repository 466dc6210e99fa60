"""Waiting for a server: every wait is told with its reason and its end, and all have a limit."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TypeVar

from nnactive.data.progress import Amount
from nnactive.errors import NnactiveError
from nnactive.io.formatting import duration

Result = TypeVar("Result")
ATTEMPTS = 6
"""In a row without receiving a new byte."""
BACK_OFF = 1.0
"""Seconds; doubled at each attempt after the second, which follows at once."""
LONGEST = 600
"""Seconds that are waited between attempts for one file at one address, all waits together."""
SILENCE = 5.0
"""Seconds without a byte after which this is told."""
Wait = Callable[[str, float, float], None]
"""Receives why nothing happens and what ends it, the seconds waited so far, and their limit."""


class TransferError(NnactiveError):
    """A file could not be fetched from an address."""


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
        asks = "" if asked is None else f" and asks for a wait of {duration(asked)}"
        if self.waited + seconds > LONGEST:
            before = f", and {duration(self.waited)} were before" if self.waited else ""
            raise TransferError(
                f"{cause}{asks}, but at most {duration(LONGEST)} are waited{before}"
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
    work: Callable[[], Result], size: Callable[[], int], source: str, tell: Wait, amount: Amount
) -> Result:
    """Run a client that tells nothing, and report what it brings and its silence.

    Args:
        work: the client; runs in a thread, which is left alone if it never ends.
        size: bytes that it has brought so far.
        source: who is silent.
        tell: receives its silence.
        amount: receives the size whenever that has changed.

    Raises:
        TransferError: nothing came for ``LONGEST`` seconds.
    """
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  (raised again below)
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    before, last = -1, time.monotonic()
    why = f"nothing comes from {source}; given up after {duration(LONGEST)} of silence"
    while not wait((done,), timeout=min(1, SILENCE)).done:
        now, there = time.monotonic(), size()
        if there != before:
            before, last = there, now
            amount(there, None)
        elif now - last >= LONGEST:
            raise TransferError(f"nothing came from {source} for {duration(LONGEST)}")
        elif now - last >= SILENCE:
            tell(why, now - last, LONGEST)
    return done.result()


@contextmanager
def silence_told(source: str, limit: float, tell: Wait) -> Iterator[Callable[[], None]]:
    """While the block runs, tell each second for how long nothing has come, if it is for long.

    Args:
        source: who is silent.
        limit: seconds after which the caller's client gives up.
        tell: receives it, in another thread.

    Yields:
        To be called when something comes.
    """
    last = time.monotonic()
    ended = threading.Event()

    def came() -> None:
        nonlocal last
        last = time.monotonic()

    def watch() -> None:
        why = f"nothing comes from {source}; given up after {duration(limit)} of silence"
        while not ended.wait(min(1, SILENCE)):
            silent = time.monotonic() - last
            if silent >= SILENCE:
                tell(why, silent, limit)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield came
    finally:
        ended.set()
        watcher.join()

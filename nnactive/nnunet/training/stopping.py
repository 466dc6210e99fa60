"""Asking a training to stop: by SIGTERM, or by SIGUSR1, which comes before a time limit."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from nnactive.errors import Stopped

SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)


class Stop:
    """Whether this process was asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        self.nothing_to_save = True
        """Whether a signal ends the block at once, since all that it has done is on disk."""

    def end(self) -> Stopped:
        """The exception that ends the block."""
        return Stopped("the training was asked to stop; run the same command again to continue it")


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Note signals inside the block instead of dying from them.

    Whatever else the signal makes fail meanwhile, such as a compiler's processes that got it too,
    ends the block as a stop.

    Raises:
        Stopped: a signal came while there was nothing to save.
    """
    stop = Stop()
    own = os.getpid()

    def ask(_number: int, _frame: FrameType | None) -> None:
        # Processes that load data inherit this; they end with the training.
        if os.getpid() != own or stop.asked:
            return
        stop.asked = True
        if stop.nothing_to_save:
            raise stop.end()

    # Only a main thread receives signals; elsewhere, as in a test, nothing is changed.
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, ask) for number in SIGNALS} if main else {}
    try:
        yield stop
    except Exception as error:
        if stop.asked and not isinstance(error, Stopped):
            raise stop.end() from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

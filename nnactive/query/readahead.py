"""Reading the next image while the one before is worked on."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np


class ReadAhead:
    """Reads a case's array; of announced cases, the next one in their order beforehand.

    One array waits at most. Nothing is read before the first of the announced cases is asked for:
    a method that looks at no image costs no reading. Any thread may ask.
    """

    def __init__(self, read: Callable[[str], np.ndarray]) -> None:
        self._read = read
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._lock = threading.Lock()
        self._cases: tuple[str, ...] = ()
        self._places: dict[str, int] = {}
        self._begun = -1
        """Place of the last case that was begun to be read."""
        self._waiting: tuple[int, Future[np.ndarray]] | None = None

    def announce(self, cases: Sequence[str]) -> None:
        """Say in what order cases will be asked for; what waits of earlier ones is dropped."""
        with self._lock:
            self._cases = tuple(cases)
            self._places = {case: place for place, case in enumerate(self._cases)}
            self._begun = -1
            self._drop()

    def __call__(self, case: str) -> np.ndarray:
        """The array of a case, an own one for each call."""
        with self._lock:
            place = self._places.get(case, -1)
            ready = None
            if place >= 0:
                if self._waiting and self._waiting[0] == place:
                    ready, self._waiting = self._waiting[1], None
                self._begin_next(place)
        return self._read(case) if ready is None else ready.result()

    def _begin_next(self, asked: int) -> None:
        """Begin the next case that nobody has asked for yet, if the place for it is free."""
        self._begun = max(self._begun, asked)
        if self._waiting and self._waiting[0] < asked:
            self._drop()  # passed over
        if self._waiting is None and self._begun + 1 < len(self._cases):
            self._begun += 1
            future = self._reader.submit(self._read, self._cases[self._begun])
            self._waiting = (self._begun, future)

    def _drop(self) -> None:
        if self._waiting:
            self._waiting[1].cancel()
        self._waiting = None

"""Reading the next image while the current one is worked on."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np


class ReadAhead:
    """Reads a case's array, and the next of the announced cases in advance.

    At most one array is held ready. Nothing is read before the first announced case is requested,
    so a method that looks at no image causes no reading. Thread-safe.
    """

    def __init__(self, read: Callable[[str], np.ndarray]) -> None:
        self._read = read
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._lock = threading.Lock()
        self._cases: tuple[str, ...] = ()
        self._indices: dict[str, int] = {}
        self._begun = -1
        """Index of the last case whose reading has begun."""
        self._ready: tuple[int, Future[np.ndarray]] | None = None

    def announce(self, cases: Sequence[str]) -> None:
        """Set the order in which cases will be requested; an array held ready is dropped."""
        with self._lock:
            self._cases = tuple(cases)
            self._indices = {case: index for index, case in enumerate(self._cases)}
            self._begun = -1
            self._drop()

    def __call__(self, case: str) -> np.ndarray:
        """Return the case's array; each call gets its own copy."""
        with self._lock:
            index = self._indices.get(case, -1)
            ready = None
            if index >= 0:
                if self._ready and self._ready[0] == index:
                    ready, self._ready = self._ready[1], None
                self._begin_next(index)
        return self._read(case) if ready is None else ready.result()

    def _begin_next(self, requested: int) -> None:
        """Begin reading the next case, unless an array is held ready."""
        self._begun = max(self._begun, requested)
        if self._ready and self._ready[0] < requested:
            self._drop()  # it was skipped
        if self._ready is None and self._begun + 1 < len(self._cases):
            self._begun += 1
            future = self._reader.submit(self._read, self._cases[self._begun])
            self._ready = (self._begun, future)

    def _drop(self) -> None:
        if self._ready:
            self._ready[1].cancel()
        self._ready = None

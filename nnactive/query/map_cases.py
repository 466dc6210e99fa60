"""One function over many cases: on several threads, resuming where an earlier attempt stopped."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from nnactive.errors import MethodError
from nnactive.query.checkpoint import Checkpoint, MapCheckpoint, PartDone

T = TypeVar("T")

Announce = Callable[[Sequence[str]], None]
"""Receives the cases about to be worked on, in order; at the end an empty sequence."""
Progress = Callable[[int, int], None]
"""Called after each case with the numbers of finished cases and of all cases."""

_thread = threading.local()


def map_cases(
    function: Callable[[str], T],
    cases: Sequence[str],
    *,
    workers: int,
    checkpoint: Checkpoint | None,
    announce: Announce | None,
    progress: Progress | None,
) -> list[T]:
    """Results of ``function`` for each case, in the order of the cases.

    Args:
        function: what to compute; if it calls this function itself, that call is neither stored
            nor reported.
        cases: case ids.
        workers: cases to work on at the same time.
        checkpoint: supplies results of an earlier attempt and stores new ones.
        announce: see `Announce`.
        progress: see `Progress`.

    Raises:
        PartDone: once the part that ``checkpoint`` asks for is computed.
        MethodError: if a result of a part cannot be stored.
    """
    nested = in_map()
    call = None if nested or checkpoint is None else checkpoint.begin()
    part = call.part if call else None
    announce, progress = (None, None) if nested else (announce, progress)
    results: dict[int, T] = _finished(call, cases)
    todo = [index for index in range(len(cases)) if index not in results]
    if part:
        todo = [index for index in todo if part.holds(index)]
    total = len(results) + len(todo)

    def compute(index: int) -> T:
        with _busy(), _recording_failure(call):
            result = function(cases[index])
        if call:
            _store(call, cases[index], result)
        return result

    if announce:
        announce([cases[index] for index in todo])
    try:
        with ThreadPoolExecutor(max_workers=max(1, workers)) as executor:
            computed = executor.map(compute, todo) if workers > 1 else map(compute, todo)
            for index, result in zip(todo, computed, strict=True):
                results[index] = result
                if progress:
                    progress(len(results), total)
    finally:
        if announce:
            announce(())
    if call and part:
        call.owner.part_done = True
        raise PartDone
    return [results[index] for index in range(len(cases))]


def in_map() -> bool:
    """Whether this thread is inside a function that `map_cases` calls."""
    return bool(getattr(_thread, "busy", False))


@contextmanager
def _recording_failure(call: MapCheckpoint | None) -> Iterator[None]:
    """Record that the work on a case failed: then the stored results are not to blame."""
    try:
        yield
    except BaseException:
        if call:
            call.owner.failed = True
        raise


def _finished(call: MapCheckpoint | None, cases: Sequence[str]) -> dict[int, Any]:
    """Results of an earlier attempt, by the index of the case."""
    found = {} if call is None else {index: call.get(case) for index, case in enumerate(cases)}
    return {index: each.result for index, each in found.items() if each}


def _store(call: MapCheckpoint, case: str, result: object) -> None:
    problem = call.put(case, result)
    if problem and call.part:
        raise MethodError(
            f"{case}: the result of pool.map's function can't be stored for other processes "
            f"({problem}); run the query without --part"
        )


@contextmanager
def _busy() -> Iterator[None]:
    """Mark this thread as being inside a call."""
    before = in_map()
    _thread.busy = True
    try:
        yield
    finally:
        _thread.busy = before

"""One function over many cases: on several threads, and on from where an earlier try stopped."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from nnactive.errors import MethodError
from nnactive.query.checkpoint import Kept, KeptCall, PartDone

T = TypeVar("T")

Announce = Callable[[Sequence[str]], None]
Progress = Callable[[int, int], None]

_thread = threading.local()


def map_cases(
    function: Callable[[str], T],
    cases: Sequence[str],
    *,
    workers: int,
    kept: Kept | None,
    announce: Announce | None,
    progress: Progress | None,
) -> list[T]:
    """Results of ``function`` for each case, in the order of the cases.

    Args:
        function: what to compute; a call of this function in it is computed plainly.
        cases: case ids.
        workers: cases that are worked on at the same time.
        kept: gives results of an earlier try, takes new ones.
        announce: told the cases whose turn comes, and at the end that there are none.
        progress: told after each case how many are done, and of how many.

    Raises:
        PartDone: once the share that ``kept`` asks for is computed.
        MethodError: if a result of a share can't be kept.
    """
    nested = getattr(_thread, "busy", False)
    call = None if nested or kept is None else kept.begin()
    part = call.part if call else None
    announce, progress = (None, None) if nested else (announce, progress)
    results: dict[int, T] = _finished(call, cases)
    todo = [index for index in range(len(cases)) if index not in results]
    if part:
        todo = [index for index in todo if part.holds(index)]
    whole = len(results) + len(todo)

    def compute(index: int) -> T:
        with _busy(), _noting(call):
            result = function(cases[index])
        if call:
            _keep(call, cases[index], result)
        return result

    if announce:
        announce([cases[index] for index in todo])
    try:
        with ThreadPoolExecutor(max_workers=max(1, workers)) as executor:
            computed = executor.map(compute, todo) if workers > 1 else map(compute, todo)
            for index, result in zip(todo, computed, strict=True):
                results[index] = result
                if progress:
                    progress(len(results), whole)
    finally:
        if announce:
            announce(())
    if part:
        raise PartDone
    return [results[index] for index in range(len(cases))]


@contextmanager
def _noting(call: KeptCall | None) -> Iterator[None]:
    """Note that the work on a case failed: then what is kept isn't to blame."""
    try:
        yield
    except BaseException:
        if call:
            call.owner.failed = True
        raise


def _finished(call: KeptCall | None, cases: Sequence[str]) -> dict[int, Any]:
    """Results that an earlier try left, by the index of the case."""
    found = {} if call is None else {index: call.get(case) for index, case in enumerate(cases)}
    return {index: each.result for index, each in found.items() if each}


def _keep(call: KeptCall, case: str, result: object) -> None:
    lost = call.put(case, result)
    if lost and call.part:
        raise MethodError(
            f"{case}: what pool.map computes can't be handed from one process to another ({lost}); "
            "run the query without --part"
        )


@contextmanager
def _busy() -> Iterator[None]:
    """Mark this thread as being inside a call."""
    before = getattr(_thread, "busy", False)
    _thread.busy = True
    try:
        yield
    finally:
        _thread.busy = before

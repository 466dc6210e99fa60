"""Whose fault an error is, the method's or the sources'; and what a method can't ask for now."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from nnactive.errors import MethodError, NnactiveError, described


@contextmanager
def method_code(case: str) -> Iterator[None]:
    """Turn what a method's code raises on a case into a `MethodError` that names the case."""
    try:
        yield
    except NnactiveError:
        raise
    except (Exception, SystemExit) as error:
        raise MethodError(f"{case}: {described(error)}") from error


@contextmanager
def infrastructure(case: str, thing: str) -> Iterator[None]:
    """Keep failures of the step's own sources apart from those of the method's code."""
    try:
        yield
    except NnactiveError:
        raise
    except Exception as error:
        raise NnactiveError(f"{case}: no {thing} ({described(error)})") from error


def read_only(case: str, thing: str, read: Callable[[str], np.ndarray]) -> np.ndarray:
    """What ``read`` gives for a case, as an array that can't be written to."""
    with infrastructure(case, thing):
        array = read(case).view()
    array.flags.writeable = False
    return array


_thread = threading.local()


@contextmanager
def holding(what: str) -> Iterator[None]:
    """Mark this thread as holding something that other workers wait for."""
    before: tuple[str, ...] = getattr(_thread, "held", ())
    _thread.held = (*before, what)
    try:
        yield
    finally:
        _thread.held = before


def not_while_holding(ask: str) -> None:
    """Refuse a request that would make workers wait for each other for ever.

    Raises:
        MethodError: if this thread is inside ``with pool.network(...)`` or ``pool.torch_rng(...)``.
    """
    held: tuple[str, ...] = getattr(_thread, "held", ())
    if held:
        raise MethodError(
            f"{ask} inside 'with {held[-1]}(...)', where no other can run; ask before"
        )

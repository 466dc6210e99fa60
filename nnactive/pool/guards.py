"""Whose fault an error is: the method's code, or the sources behind the pool."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from nnactive.errors import MethodError, NnactiveError, described
from nnactive.pool.sources import ReadArray


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


def read_only(case: str, thing: str, read: ReadArray) -> np.ndarray:
    """What ``read`` gives for a case, as an array that can't be written to."""
    with infrastructure(case, thing):
        array = read(case).view()
    array.flags.writeable = False
    return array

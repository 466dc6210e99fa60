"""Work of the trusted half in a process of its own.

What a process has read, one that is forked from it finds in its memory. So whatever reads what a
method mustn't know does so apart, and hands back only what the method's process may inherit.
"""

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

from nnactive.errors import NnactiveError, described

T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """What ``work`` returns or raises, called in a forked process; trusted code only.

    Raises:
        NnactiveError: if the process ended without any output.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _tell(work, write)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        content = stream.read()
    _, status = os.waitpid(pid, 0)
    if not content:
        code = os.waitstatus_to_exitcode(status)
        raise NnactiveError(f"a process of the step ended with status {code}; run it again")
    result, error = pickle.loads(content)  # noqa: S301  (from this very program's own code)
    if error is not None:
        raise error
    answer: T = result
    return answer


def _tell(work: Callable[[], object], write: int) -> None:
    """Write the outcome and end."""
    try:
        try:
            outcome = pickle.dumps((work(), None))
        except Exception as error:  # noqa: BLE001  (the other process raises it)
            try:
                outcome = pickle.dumps((None, error))
                pickle.loads(outcome)  # noqa: S301  (some exceptions can't be made again)
            except Exception:  # noqa: BLE001
                outcome = pickle.dumps((None, NnactiveError(described(error))))
        with os.fdopen(write, "wb") as stream:
            stream.write(outcome)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  (must not go on in the parent's code)
        traceback.print_exc()
    finally:
        os._exit(0)

"""Run a function in a box: a forked process, confined before it runs it."""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any, Final

from benchmark.execution.child_processes import (
    adopt_orphans,
    adopts_orphans,
    descendants,
    die_with_parent,
    end_descendants,
)
from benchmark.execution.ends import Breach
from benchmark.execution.limits import Watch
from benchmark.firewall.box import Box, Ended
from benchmark.firewall.installation import installation
from benchmark.firewall.keeper import CONFINED, PASSED_ON, RETURNED, STATUS, keep
from benchmark.firewall.shallow import make_shallow
from benchmark.firewall.walls.bubblewrap import holding
from benchmark.firewall.walls.mounts import bubblewrap_arguments
from nnactive.answers.isolation import Isolation
from nnactive.errors import NnactiveError

SECONDS_BETWEEN_LOOKS: Final = 0.25
LONGEST_WORD: Final = 2000


def run_boxed(box: Box, work: Callable[[], None], way: Isolation) -> Ended:
    """Run ``work`` in a box and wait for its end; all processes that it started are gone then.

    It tells what it has done in files below ``box.writes``, which whoever reads them must distrust;
    what lies there deeper than `shallow.DEEPEST` folders is removed.
    Its output goes to this process's. What this process has in memory, the work has, too: call it
    before you read what is secret, and in a process without other threads. Signals that ask for an
    end reach the work first, and this process once the work has ended.

    Args:
        box: what it sees and may take.
        work: called in the forked process; libraries that are imported here needn't be again.
        way: what keeps it, from `best_way` or the user's wish.

    Raises:
        NnactiveError: the box can't be made; the work hasn't begun.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with ExitStack() as last, ExitStack() as stack:
        asked = last.enter_context(_signals_kept())
        enter: Callable[[], None] = _stay
        if way == "bubblewrap":
            enter = stack.enter_context(holding(bubblewrap_arguments(box, installation()))).enter
        else:
            last.enter_context(_leftovers_ended())
        told, tell = os.pipe()
        last.callback(os.close, told)
        status, says = os.pipe()
        last.callback(os.close, status)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_keeper(box, work, way, enter, (parent, tell, says))
        os.close(tell)
        os.close(says)
        last.callback(_kill, pid)
        breach = _wait(status, pid, Watch(box.limits), asked)
        ended = _read(status, STATUS.size)
        words = _read(told, LONGEST_WORD)
    for folder in box.writes:
        make_shallow(folder)
    if not words.startswith(CONFINED) and breach is None and not asked:
        text = words.decode(errors="replace") or "its process was ended"
        raise NnactiveError(f"the box ({way}) for a method's process can't be made: {text}")
    return _ended(ended, way, breach, returned=words.endswith(RETURNED))


def _stay() -> None:
    """Enter nothing."""


def _be_keeper(
    box: Box,
    work: Callable[[], None],
    way: Isolation,
    enter: Callable[[], None],
    ties: tuple[int, int, int],
) -> None:
    """In the forked process: never returns."""
    parent, tell, says = ties
    try:
        die_with_parent(signal.SIGKILL, parent)
        os.write(says, keep(box, work, way, enter, tell))
    except BaseException as error:  # noqa: BLE001  (must not go on in the parent's code)
        with suppress(BaseException):
            os.write(tell, str(error).encode(errors="replace")[:LONGEST_WORD])
    finally:
        os._exit(0)


def _wait(status: int, keeper: int, watch: Watch, asked: list[int]) -> Breach | None:
    """Wait until the keeper tells the status or is gone, or a limit is passed."""
    passed_on = 0
    while not select.select([status], [], [], SECONDS_BETWEEN_LOOKS)[0]:
        for number in asked[passed_on:]:
            with suppress(ProcessLookupError):
                os.kill(keeper, number)
            passed_on += 1
        if breach := watch.look():
            return breach
    return None


def _ended(status: bytes, way: Isolation, breach: Breach | None, *, returned: bool) -> Ended:
    if len(status) < STATUS.size:  # killed from outside, or for a limit
        return Ended(-signal.SIGKILL, way, 0.0, returned=False, breach=breach)
    waited, peak = STATUS.unpack(status)
    code = os.waitstatus_to_exitcode(waited)
    if code == 0 and not returned:
        code = 1
    return Ended(code, way, peak / 2**20, returned=returned, breach=breach)


def _read(descriptor: int, most: int) -> bytes:
    """What lies in a pipe, at most so many bytes from its beginning and, beyond, its end."""
    os.set_blocking(descriptor, False)
    found = b""
    with suppress(BlockingIOError):
        while more := os.read(descriptor, 2**16):
            found = found[:most] + more[-most:] if len(found) >= most else found + more
    return found


def _kill(pid: int) -> None:
    """Kill the keeper, if it still runs, and reap it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


@contextmanager
def _leftovers_ended() -> Iterator[None]:
    """End, after the block, all that was started in it, whatever session it is in."""
    adopted = adopts_orphans()
    adopt_orphans()
    before = {process.pid for process in descendants()}
    try:
        yield
    finally:
        end_descendants(spared=before)
        adopt_orphans(adopt=adopted)


@contextmanager
def _signals_kept() -> Iterator[list[int]]:
    """Collect the signals that ask for an end; after the block they do what they would have done.

    Only the main thread can; in another one they do it at once.
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before: dict[int, Any] = {number: signal.signal(number, note) for number in PASSED_ON}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        for number in dict.fromkeys(asked):
            os.kill(os.getpid(), number)

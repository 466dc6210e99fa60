"""The two processes between a caller and a method's code: one that keeps, and one that is kept.

The keeper enters the box's namespaces and forks: only what it forks has ids of its own there. It
runs no other code, passes signals on, and tells how the other one ended.
"""

import os
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmark.execution.child_processes import PR_SET_PDEATHSIG
from benchmark.firewall import landlock
from benchmark.firewall.box import Box
from benchmark.firewall.installation import installation
from benchmark.firewall.walls import privileges, seccomp, surroundings
from benchmark.firewall.walls.prctl import prctl
from nnactive.answers.isolation import Isolation

CONFINED: Final = b"c"
"""Told before the work begins; what is told instead is why it can't."""
RETURNED: Final = b"r"
"""Told once the work has returned or raised."""
STATUS: Final = struct.Struct("=iq")
"""Wait status of the kept process, and its peak memory in KiB."""
PASSED_ON: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
"""Signals that ask for an end."""
TEMPORARY: Final = Path("/tmp")  # noqa: S108  (in memory, the box's own)


def keep(
    box: Box, work: Callable[[], None], way: Isolation, enter: Callable[[], None], told: int
) -> bytes:
    """In a process of its own: run the work in one that is confined, and wait for its end.

    Args:
        box: what the work may see and take.
        work: see `run.run_boxed`.
        way: what keeps it.
        enter: moves this process into the namespaces.
        told: descriptor for `CONFINED` and `RETURNED`.

    Returns:
        `STATUS` of the process that ran the work.
    """
    _default_signals()
    folder = os.getcwd()  # noqa: PTH109
    enter()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _run(box, work, way, folder, told)
        finally:
            os._exit(code)
    for number in PASSED_ON:
        signal.signal(number, lambda number, _frame: _send(pid, number))
    _, status, used = os.wait4(pid, 0)
    return STATUS.pack(status, used.ru_maxrss)


def _run(box: Box, work: Callable[[], None], way: Isolation, folder: str, told: int) -> int:
    """In the process that is kept: confine it, run the work, and return the exit status."""
    try:
        _confine(box, way, folder, told)
    except BaseException as error:  # noqa: BLE001  (must not go on in the parent's code)
        os.write(told, str(error).encode(errors="replace")[:1000])
        return 1
    os.write(told, CONFINED)
    code = 0
    try:
        work()
    except BaseException:  # noqa: BLE001  (likewise)
        code = 1
        with suppress(Exception):
            traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os.write(told, RETURNED)
    return code


def _confine(box: Box, way: Isolation, folder: str, told: int) -> None:
    """Give up everything that the box doesn't have; nothing of it can be got back."""
    namespaces = way == "bubblewrap"
    home = box.writes[0] if box.writes else TEMPORARY
    os.setsid()
    os.umask(0o077)
    surroundings.close_files({told})
    surroundings.replace_variables(surroundings.variables(os.environ, home))
    surroundings.settle(folder, home)
    privileges.limit(box.limits, gpu=box.gpu)
    version = landlock.confine(box, installation()) if way == "landlock" else 0
    if way != "none":
        privileges.drop_capabilities()
        seccomp.install(namespaces=namespaces, landlock=version, unseen=box.gpu)
    elif sys.platform == "linux":
        with suppress(OSError):  # no wall, but it stops accidents
            privileges.gain_none()
            seccomp.install(namespaces=True)
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _default_signals() -> None:
    """Have no handlers of the caller's."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            with suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # as in any Python
        signal.signal(ignored, signal.SIG_IGN)


def _send(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)

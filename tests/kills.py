"""Commands that are killed (`kill -9`) at chosen moments: before a change of something on disk.

A moment is a number: how many files or folders were opened to write, made, renamed, linked or
removed before. The command runs in a process of its own, which kills itself there.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator

CHANGES = frozenset(
    ("os.rename", "os.mkdir", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate")
)
NEVER = 1 << 30


def run(command: Callable[[], object], moment: int = NEVER) -> int | None:
    """Run a command in a child; kill it before change number ``moment``, counted from 0.

    Returns:
        None: it was killed; else how many changes it made.
    """
    ends, writes = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(ends)
            seen = watch(moment)
            command()
            os.write(writes, str(seen[0]).encode())
            status = 0
        except BaseException:  # noqa: BLE001  # the child must never go on as pytest
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writes)
    with os.fdopen(ends) as report:
        text = report.read()
    _, how = os.waitpid(child, 0)
    if os.WIFSIGNALED(how):
        assert os.WTERMSIG(how) == signal.SIGKILL
        return None
    assert os.WEXITSTATUS(how) == 0, "the command failed; see above"
    return int(text)


def ever_later(command: Callable[[], object], step: int) -> Iterator[None]:
    """Run a command until it ends, each time killed ``step`` changes later; yields after each kill.

    What a killed command has done by then is all that the next one finds.
    """
    moment = 0
    while run(command, moment) is None:
        yield
        moment += step


def watch(moment: int) -> list[int]:
    """Count changes from now on, in the list's only entry; die before the one that is asked for."""
    seen = [0]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            changes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
            if not changes or str(path).startswith(("/dev", "/proc")):
                return
        elif event not in CHANGES:
            return
        if seen[0] == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        seen[0] += 1

    sys.addaudithook(hook)
    return seen

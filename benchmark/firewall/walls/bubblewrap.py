"""Namespaces that bubblewrap makes and holds open, and how a process enters them.

Bubblewrap starts programs, and a new interpreter would import its libraries for seconds. So it
starts one that only waits, and a process that this one forks joins its namespaces instead.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmark.firewall.walls import seccomp
from nnactive.errors import NnactiveError

PROGRAM: Final = "bwrap"
NAMESPACES: Final = ("user", "pid", "net", "ipc", "uts", "cgroup", "mnt")
"""In the order in which they are entered: the first gives the right to enter the others."""
WAITS: Final = ("/usr/bin/env", "--ignore-signal=CHLD", "/usr/bin/cat")
"""Repeats the byte that it gets once the box is ready, and ends when this process does. As the
box's first process it gets all orphans; ignoring their ends, it leaves no zombies."""
HELD: Final = ("--unshare-user", "--unshare-all", "--die-with-parent", "--as-pid-1")
"""The work can write into the memory of other processes in the box: none may do more than it."""
SECONDS_TO_END: Final = 5.0


class NoBoxError(NnactiveError):
    """Bubblewrap can't make a box here."""


@dataclass(frozen=True)
class Holder:
    """Holds namespaces open."""

    namespaces: tuple[int, ...]
    """Descriptors, in the order of `NAMESPACES`."""

    def enter(self) -> None:
        """Move this process into the namespaces; what it forks from now on has the box's ids.

        It must be a process with one thread. It has every capability within the box afterwards.
        """
        libc = ctypes.CDLL(None, use_errno=True)
        for name, descriptor in zip(NAMESPACES, self.namespaces, strict=True):
            own = Path("/proc/self/ns", name).stat()
            if os.path.samestat(own, os.fstat(descriptor)):  # one that the kernel doesn't separate
                continue
            if libc.setns(descriptor, 0):
                raise OSError(ctypes.get_errno(), f"setns to the box's {name} namespace")


@contextmanager
def holding(file_system: Sequence[str]) -> Iterator[Holder]:
    """Have namespaces with a file system; at the end of the block, all processes in them are gone.

    Args:
        file_system: arguments from `mounts.bubblewrap_arguments`.

    Raises:
        NoBoxError: bubblewrap isn't installed, or can't make them.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise NoBoxError(f"{PROGRAM}: not installed")
    with ExitStack() as stack:
        errors = stack.enter_context(os.fdopen(os.memfd_create("errors"), "w+b"))
        options, info, rules = _pipe(stack), _pipe(stack), _filter(stack)
        given = (options[0].fileno(), info[1].fileno())
        arguments = ["--args", str(given[0]), "--info-fd", str(given[1]), "--seccomp", str(rules)]
        bwrap = subprocess.Popen(
            [program, *arguments, "--", *WAITS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={},
            start_new_session=True,
            pass_fds=(*given, rules),
        )
        stack.callback(_end, bwrap)
        options[0].close()
        info[1].close()
        try:
            yield _started(bwrap, options[1], info[0], file_system, stack)
        except _NotStartedError:
            bwrap.wait(SECONDS_TO_END)
            raise _refused(errors) from None


class _NotStartedError(Exception):
    """Bubblewrap has ended."""


def _started(
    bwrap: "subprocess.Popen[bytes]",
    options: IO[bytes],
    info: IO[bytes],
    file_system: Sequence[str],
    stack: ExitStack,
) -> Holder:
    """Tell bubblewrap what to make, wait until it has, and open the namespaces."""
    words = [*HELD, "--cap-drop", "ALL", *file_system]
    left = b"".join(os.fsencode(word) + b"\0" for word in words)
    try:
        while left:
            left = left[options.write(left) :]
    except BrokenPipeError:
        raise _NotStartedError from None
    options.close()
    told = b""
    while not told.endswith(b"}\n"):  # the program inherits the pipe, so it has no other end
        more = os.read(info.fileno(), 4096)
        if not more:
            raise _NotStartedError
        told += more
    pid = int(json.loads(told)["child-pid"])
    try:
        first = os.pidfd_open(pid)
    except ProcessLookupError:
        raise _NotStartedError from None
    stack.callback(_kill, first, bwrap)
    if bwrap.stdin and bwrap.stdout:
        with suppress(BrokenPipeError):
            bwrap.stdin.write(b"r")
            bwrap.stdin.flush()
        if bwrap.stdout.read(1) != b"r":
            raise _NotStartedError
    opened = []
    for name in NAMESPACES:
        descriptor = os.open(Path("/proc", str(pid), "ns", name), os.O_RDONLY | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        opened.append(descriptor)
    return Holder(tuple(opened))


def _kill(first: int, bwrap: "subprocess.Popen[bytes]") -> None:
    """Kill the first process of the box, and with it all others; wait until they are gone.

    They are once their parents have taken note, that of the kept process too: its keeper must live.
    """
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(first, signal.SIGKILL)
    os.close(first)
    with suppress(subprocess.TimeoutExpired):
        bwrap.wait(SECONDS_TO_END)


def _end(bwrap: "subprocess.Popen[bytes]") -> None:
    bwrap.kill()
    bwrap.wait(SECONDS_TO_END)
    for stream in (bwrap.stdin, bwrap.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _pipe(stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    reads, writes = os.pipe()
    return (
        stack.enter_context(os.fdopen(reads, "rb")),
        stack.enter_context(os.fdopen(writes, "wb", buffering=0)),
    )


def _filter(stack: ExitStack) -> int:
    """A descriptor with the filter of system calls that the work gets, too."""
    machine = seccomp.architecture()
    if machine is None:
        raise NoBoxError(f"no filter of system calls is known for {os.uname().machine}")
    file = stack.enter_context(os.fdopen(os.memfd_create("filter"), "w+b", buffering=0))
    file.write(seccomp.program(machine, namespaces=True))
    file.seek(0)
    return file.fileno()


def _refused(errors: IO[bytes]) -> NoBoxError:
    errors.seek(0)
    told = errors.read(4000).decode(errors="replace").strip() or "ended without any output"
    return NoBoxError(f"{PROGRAM}: {told.splitlines()[-1].removeprefix('bwrap: ')}")

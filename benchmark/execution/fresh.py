"""Run a Python command in a forked process that behaves like a fresh one, with libraries at hand.

The parent has imported them and used none; so the command finds what a fresh interpreter would
have, but for the time that its imports take.
"""

import atexit
import os
import random
import runpy
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

from benchmark.execution.child_processes import die_with_parent, tie_forks

THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
RETURNED: Final = b"r"
"""Written by a process whose command came to its end."""


@dataclass(frozen=True)
class Program:
    """What a Python command line runs."""

    name: str
    """A module's name, or a file's path."""
    arguments: tuple[str, ...]
    is_module: bool
    safe_path: bool
    """Whether ``-P`` keeps the folder of the file, or the current one, from the search path."""


@dataclass(frozen=True)
class Child:
    """A command that was started."""

    pid: int
    output: int
    """Descriptor from which its output is read."""
    returned: int | None
    """Descriptor that has `RETURNED` once the command came to its end; None: it can't tell."""


def program_of(command: Sequence[str]) -> Program | None:
    """What a command runs, if that is Python code under this interpreter; else None.

    >>> program_of([sys.executable, "-P", "-m", "this", "-v"])
    Program(name='this', arguments=('-v',), is_module=True, safe_path=True)
    """
    python, *words = command
    if python != sys.executable:
        return None
    safe = words[:1] == ["-P"]
    words = words[1:] if safe else words
    if words[:1] == ["-m"] and len(words) > 1:
        return Program(words[1], tuple(words[2:]), is_module=True, safe_path=safe)
    if words and not words[0].startswith("-"):
        return Program(words[0], tuple(words[1:]), is_module=False, safe_path=safe)
    return None


def start(
    command: Sequence[str], env: Mapping[str, str], threads: int, hidden: Collection[int] = ()
) -> Child:
    """Start a command in a process of its own session, which dies with this one.

    Args:
        command: its words; Python code is run in a fork, anything else is executed.
        env: its environment variables.
        threads: of its numeric libraries.
        hidden: descriptors of this process that it doesn't get.
    """
    env = {**env, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
    program = program_of(command)
    output, into = os.pipe()
    returned, tell = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            for descriptor in (output, returned, *hidden):
                os.close(descriptor)
            _separate(parent, into)
            if program is None:
                os.execvpe(command[0], list(command), env)  # noqa: S606
            _renew(env, threads)
            tie_forks()
            status = _run(program)
            os.write(tell, RETURNED)
            _finish()
        except BaseException:  # noqa: BLE001  (must not go on in the parent's code)
            traceback.print_exc()
            status = 1
        os._exit(status)
    os.close(into)
    os.close(tell)
    if program is None:
        os.close(returned)
    return Child(pid, output, None if program is None else returned)


def _separate(parent: int, output: int) -> None:
    """Leave the parent's session, signals and streams."""
    os.setsid()
    for number in signal.valid_signals():
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            with suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    die_with_parent(signal.SIGKILL, parent)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, descriptor in enumerate((nothing, output, output)):
        os.dup2(descriptor, stream)


def _renew(env: Mapping[str, str], threads: int) -> None:
    """Replace what a fork inherits and a fresh process wouldn't have."""
    # What Python ignores, a command that was executed has at its default.
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None
    renew_draws()
    if threads != 1:
        # One is what the parent imported the libraries with.
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(threads)
        if "threadpoolctl" in sys.modules:
            from threadpoolctl import threadpool_limits

            threadpool_limits(threads, user_api="blas")
    if (blosc2 := sys.modules.get("blosc2")) and (numexpr := sys.modules.get("numexpr")):
        with suppress(ValueError):
            numexpr.set_num_threads(blosc2.nthreads)


def renew_draws() -> None:
    """Seed the global random generators of what is imported, as a fresh process does.

    Torch's, too: all members would else have the first weights that one server happened to draw.
    """
    random.seed()
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()
    if torch := sys.modules.get("torch"):
        torch.seed()


def _run(program: Program) -> int:
    """The exit status of a program that runs as ``__main__``."""
    sys.argv = [program.name, *program.arguments]
    if not program.safe_path:
        folder = Path.cwd() if program.is_module else Path(program.name).absolute().parent
        sys.path.insert(0, str(folder))
    try:
        if program.is_module:
            runpy.run_module(program.name, run_name="__main__", alter_sys=True)
        else:
            _run_file(Path(program.name).absolute())
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        os.write(2, f"{error.code}\n".encode(errors="backslashreplace"))
        return 1
    except BaseException:  # noqa: BLE001  (as the interpreter does it)
        traceback.print_exc()
        return 1
    return 0


def _run_file(file: Path) -> None:
    """Run a file as ``__main__``; `runpy.run_path` would change its first argument."""
    module = ModuleType("__main__")
    module.__file__ = str(file)
    sys.modules["__main__"] = module
    exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # noqa: S102


def _finish() -> None:
    """End as an interpreter does."""
    shutdown = getattr(threading, "_shutdown", None)
    if shutdown is not None:
        shutdown()
    atexit._run_exitfuncs()  # noqa: SLF001
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()

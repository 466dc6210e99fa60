"""What a forked process inherits and a method's code must not find: variables, files, names."""

import ctypes
import os
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import nnactive.devices
from benchmark.execution.fresh import THREAD_VARIABLES
from benchmark.execution.strays import JOB

KEPT: Final = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "TZ",
    "PYTHONHASHSEED",
    *THREAD_VARIABLES,
    nnactive.devices.VISIBLE,
    "CUBLAS_WORKSPACE_CONFIG",
    "PYTORCH_ALLOC_CONF",
)
"""Variables that numbers and libraries hang on, and no secret."""
NAME: Final = "box"
"""Of the user and the program, as the box knows them."""
COMMAND, VARIABLES = 45, 47
"""Where ``/proc/self/stat`` has the bounds of a process's words and variables, after its name."""


def variables(env: Mapping[str, str], home: Path) -> dict[str, str]:
    """Environment variables of a boxed process.

    Args:
        env: of the process outside.
        home: where its own files and temporary ones go.
    """
    kept = {name: env[name] for name in KEPT if name in env}
    kept |= dict.fromkeys(("HOME", "TMPDIR"), str(home))
    kept |= dict.fromkeys(("USER", "LOGNAME"), NAME)
    # Who searches for what jobs have left kills what has this variable and no supervisor.
    return {**kept, JOB: NAME} if JOB in env else kept


def replace_variables(kept: Mapping[str, str]) -> None:
    """Have only these variables, and words of the command line; the old ones are overwritten.

    A fork would still show the old ones in ``/proc/self/environ`` and ``cmdline``.
    """
    os.environ.clear()
    with suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        for place, text in ((COMMAND, NAME), (VARIABLES, f"{JOB}={NAME}" if JOB in kept else "")):
            _overwrite(int(fields[place]), int(fields[place + 1]), text.encode())
    os.environ.update(kept)
    sys.argv[:] = [NAME]
    sys.orig_argv[:] = [NAME]


def _overwrite(begin: int, end: int, text: bytes) -> None:
    size = end - begin
    if begin and size > len(text):
        ctypes.memset(begin, 0, size)
        ctypes.memmove(begin, text, len(text))


def close_files(kept: Collection[int] = ()) -> None:
    """Close all descriptors but the streams and these; standard input is empty from now on."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    previous = 2
    for descriptor in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(previous + 1, descriptor)
        previous = descriptor
    # What stood for the streams may have had descriptors of its own.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)


def settle(folder: str, home: Path) -> None:
    """Work in a folder if the box holds it, under whose name relative paths lead; else at home."""
    try:
        os.chdir(folder)
    except OSError:
        os.chdir(home)

"""Rights that a process gives up before a method's code runs, and limits that it takes on."""

import ctypes
import os
import resource
from contextlib import suppress
from typing import Final

from benchmark.execution.limits import memory_limit
from benchmark.firewall.walls.prctl import prctl
from nnactive.settings import Limits

PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24
PR_SET_SECUREBITS: Final = 28
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
"""From ``linux/prctl.h``."""
LOCKED_BITS: Final = 0b11101111
"""``linux/securebits.h``: root and changes of user give no capability, for good."""
CAPABILITY_VERSION: Final = 0x20080522
"""``_LINUX_CAPABILITY_VERSION_3``."""
FILE_BYTES: Final = 2**36
"""Of one file: more than any volume, less than a disk."""
OPEN_FILES: Final = 4096
THREADS: Final = 4096
"""At least so many may run at once, where the kernel counts them; processes are watched."""


def drop_capabilities() -> None:
    """Give up all capabilities, and all ways to get any back, for all that this process starts.

    Raises:
        OSError: the kernel refuses.
    """
    for number in range(64):
        try:
            held = prctl(PR_CAPBSET_READ, number)
        except OSError:  # the kernel knows no more
            break
        if held:
            with suppress(PermissionError):  # outside a namespace only root may; it has none then
                prctl(PR_CAPBSET_DROP, number)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    with suppress(PermissionError):
        prctl(PR_SET_SECUREBITS, LOCKED_BITS)
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")
    gain_none()


def gain_none() -> None:
    """Gain no rights from programs that this process executes, whatever their files say."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def limit(limits: Limits, *, gpu: bool) -> None:
    """Take on the limits that the kernel keeps for each process.

    What all processes of a box take together is watched from outside.

    Args:
        limits: the method's.
        gpu: whether it may use an accelerator, whose driver reserves more than it takes.
    """
    cores = os.cpu_count() or 1
    memory = memory_limit(limits)
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(limits.hours * 3600 * cores) + 1,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: max(THREADS, 16 * limits.processes),
    }
    if memory is not None and not gpu:
        wanted[resource.RLIMIT_DATA] = memory
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))

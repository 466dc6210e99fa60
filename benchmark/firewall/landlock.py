"""Landlock: the kernel lets this process open only what rules name; works in a container, too.

Numbers and rights are those of ``linux/landlock.h``; a kernel that knows fewer gets fewer. What
they don't cover (modes and times of files, sockets by path, System V memory) is left to seccomp:
`walls.beyond`.
"""

import ctypes
import functools
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from enum import IntFlag
from pathlib import Path
from typing import Final

from benchmark.firewall.box import Box
from benchmark.firewall.walls.mounts import WITH_GPU, accelerators, devices
from nnactive.errors import NnactiveError

CREATE_RULESET: Final = 444
ADD_RULE: Final = 445
RESTRICT_SELF: Final = 446
PR_SET_NO_NEW_PRIVS: Final = 38
VERSION_FLAG: Final = 1
PATH_BENEATH: Final = 1
NEWEST_ABI: Final = 7


class Right(IntFlag):
    """What a rule allows below a path."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


FIRST: Final = Right((1 << 13) - 1)
"""All rights of ABI 1."""
SINCE: Final = {2: Right.REFER, 3: Right.TRUNCATE, 5: Right.IOCTL_DEV}
"""Later rights, by the ABI that brought them."""
READ: Final = Right.EXECUTE | Right.READ_FILE | Right.READ_DIR
WRITE: Final = (FIRST | Right.REFER | Right.TRUNCATE) & ~(Right.MAKE_CHAR | Right.MAKE_BLOCK)
DEVICE: Final = Right.READ_FILE | Right.READ_DIR | Right.WRITE_FILE
OF_FILES: Final = (
    Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV
)
"""What a rule on a file may name; the others are folders' rights."""

TCP: Final = 0b11
"""Bind and connect. No rule allows any port."""
SCOPES: Final = 0b11
"""Abstract Unix sockets and signals end at the box."""
QUIET: Final = 0b1
"""What is refused isn't written to the audit log, which a method could flood."""
TCP_SINCE: Final = 4
SCOPES_SINCE: Final = 6
QUIET_SINCE: Final = 7

FACTS: Final = (
    *("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "devices"),
    "sys",
)
"""What is read in /proc of the machine; of processes, it's /proc/self alone."""


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


@functools.cache
def abi() -> int:
    """Version of Landlock that the kernel has; 0: none, or it is switched off or refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_FLAG))
    return min(max(int(version), 0), NEWEST_ABI)


def why_not() -> str:
    """Why Landlock can't be used here; empty if it can."""
    if abi():
        return ""
    return "the kernel has no Landlock (Linux 5.13 or newer, switched on at boot: lsm=landlock,...)"


def handled(version: int) -> Right:
    """The rights that a kernel of this version knows; all are refused but where a rule allows."""
    return functools.reduce(
        lambda known, since: known | (SINCE[since] if version >= since else Right(0)), SINCE, FIRST
    )


def confine(box: Box, installation: Iterable[Path] = (), version: int | None = None) -> int:
    """Let this process, and all that it starts, open only what the box holds; for good.

    Descriptors that are open stay usable: the caller closes them first. Of a folder in which
    something is hidden it sees what lies there now, but can't list it.

    Args:
        box: what it sees; its paths must exist.
        installation: what may be read and executed besides; what doesn't exist is left out.
        version: as if the kernel had this version of Landlock; None: the kernel's.

    Returns:
        The version that confines it.

    Raises:
        NnactiveError: there's no Landlock, or this process has several threads, of which only the
            calling one would be confined.
    """
    version = abi() if version is None else min(version, abi())
    if not version:
        raise NnactiveError(f"a method can't be confined: {why_not()}")
    if (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        raise NnactiveError(f"a method can't be confined in a process of {threads} threads")
    rules = _Rules(version)
    try:
        hidden = {Path(os.path.realpath(folder)) for folder in box.hides}
        for paths, rights in ((box.reads, READ), (box.writes, WRITE)):
            for path in paths:
                for part in seen(path, hidden):
                    rules.allow(part, rights)
        for path in (*installation, *machine_facts(gpu=box.gpu)):
            for part in seen(path, hidden):
                rules.allow_if_there(part, READ)
        for device in devices(gpu=False):
            rules.allow_if_there(Path(device), DEVICE)
        of_gpus = [*(f"/dev/{name}" for name in WITH_GPU), *accelerators()]
        for device in of_gpus if box.gpu else ():
            rules.allow_if_there(Path(device), DEVICE | Right.IOCTL_DEV)
        rules.allow(_own_process(), READ)
        rules.enforce()
    finally:
        rules.close()
    return version


def seen(path: Path, hidden: Collection[Path]) -> Iterator[Path]:
    """A path; where hidden folders lie below it, all in it that leads to none of them.

    Args:
        path: a file or folder.
        hidden: folders, by their real names.
    """
    real = Path(os.path.realpath(path))
    if not any(real in folder.parents or real == folder for folder in hidden):
        yield path
    elif real not in hidden and real.is_dir():
        for part in real.iterdir():
            if not part.is_symlink():  # what it leads to may lie anywhere
                yield from seen(part, hidden)


def machine_facts(*, gpu: bool) -> list[Path]:
    """What libraries read about the machine in /proc and /sys."""
    found = [Path("/proc", name) for name in FACTS]
    if gpu:
        found += [Path("/proc/driver"), Path("/sys")]
    return found


def _own_process() -> Path:
    """/proc/self, held open: a rule is tied to an inode, which the kernel might else make anew."""
    own = Path("/proc", str(os.getpid()))
    os.open(own, os.O_PATH | os.O_DIRECTORY)
    return own


class _Rules:
    def __init__(self, version: int) -> None:
        self._version = version
        self._handled = handled(version)
        self._libc = ctypes.CDLL(None, use_errno=True)
        net, scopes = version >= TCP_SINCE, version >= SCOPES_SINCE
        wanted = _RulesetAttr(self._handled, TCP * net, SCOPES * scopes)
        # Older kernels refuse a structure with fields that they don't know.
        size = ctypes.c_size_t(8 * (1 + net + scopes))
        self._ruleset = self._call(CREATE_RULESET, ctypes.byref(wanted), size)

    def allow(self, path: Path, rights: Right) -> None:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(parent).st_mode):
                rights &= OF_FILES
            rule = _PathBeneathAttr(rights & self._handled, parent)
            self._call(ADD_RULE, ctypes.c_int(self._ruleset), PATH_BENEATH, ctypes.byref(rule))
        finally:
            os.close(parent)

    def allow_if_there(self, path: Path, rights: Right) -> None:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            self.allow(path, rights)

    def enforce(self) -> None:
        if self._libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "no_new_privs can't be set")
        self._call(
            RESTRICT_SELF, ctypes.c_int(self._ruleset), QUIET * (self._version >= QUIET_SINCE)
        )

    def close(self) -> None:
        os.close(self._ruleset)

    def _call(self, number: int, *arguments: object) -> int:
        padded = (*arguments, *(0 for _ in range(4 - len(arguments))))
        done = int(self._libc.syscall(number, *padded))
        if done < 0:
            error = ctypes.get_errno()
            raise OSError(error, f"Landlock: {os.strerror(error)}")
        return done

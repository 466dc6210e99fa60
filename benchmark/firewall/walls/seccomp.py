"""System calls that a boxed process can't make: a seccomp filter, which nothing takes off again."""

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmark.firewall.walls import beyond, set_id
from benchmark.firewall.walls.prctl import prctl

PR_SET_SECCOMP: Final = 22
SECCOMP_MODE_FILTER: Final = 2
"""From ``linux/prctl.h`` and ``linux/seccomp.h``."""
KILL: Final = 0x80000000
REFUSE: Final = 0x00050000
"""With an error number in the lower half."""
ALLOW: Final = 0x7FFF0000
EPERM: Final = 1
ENOSYS: Final = 38
AF_UNIX: Final = 1
NEW_NAMESPACE: Final = 0x7E020080
"""``CLONE_NEW*`` of ``linux/sched.h``: time, mount, cgroup, uts, ipc, user, pid and net."""
MAP_FLAGS: Final = 3
"""Which argument of ``mmap`` has its flags."""
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20
INTO_TERMINAL: Final = (0x5412, 0x541C)
"""``TIOCSTI`` and ``TIOCLINUX``, which type into the terminal that a process writes to."""
X32: Final = 0x40000000
"""Bit of the x32 calls, which the table doesn't list; on other machines no call is so high."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions of classic BPF, ``linux/bpf_common.h``: load a word, jumps, return."""
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
"""Places in ``struct seccomp_data``; of the arguments the lower half, on little-endian machines."""

REFUSED: Final[dict[str, beyond.Numbers]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "setns": (308, 268),
    "unshare": (272, 97),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "uselib": (134, None),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
}
"""Numbers on x86_64 and aarch64, from the kernel's ``unistd_64.h`` and ``asm-generic/unistd.h``."""
Line = tuple[int, int, int, int]
"""Instruction, lines to skip if so and if not, operand."""


@dataclass(frozen=True)
class Architecture:
    """What system calls are called on a kind of machine."""

    audit: int
    """``AUDIT_ARCH_*`` of ``linux/audit.h``."""
    column: int
    """In `REFUSED`."""
    clone: int
    socket: int
    socketpair: int
    ioctl: int
    mmap: int
    memfd_create: int


CLONE3: Final = 435
"""Everywhere; its flags lie in memory, where no filter sees them, so libraries must use clone."""
ARCHITECTURES: Final = {
    "x86_64": Architecture(
        0xC000003E, 0, clone=56, socket=41, socketpair=53, ioctl=16, mmap=9, memfd_create=319
    ),
    "aarch64": Architecture(
        0xC00000B7, 1, clone=220, socket=198, socketpair=199, ioctl=29, mmap=222, memfd_create=279
    ),
}


def architecture() -> Architecture | None:
    """That of this process; None where no filter is known."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    return ARCHITECTURES.get(os.uname().machine)


def program(
    machine: Architecture,
    *,
    namespaces: bool,
    landlock: int = 0,
    own: int = 0,
    unseen: bool = True,
) -> bytes:
    """The filter, as the kernel takes it.

    Args:
        machine: whose system calls it filters.
        namespaces: whether the process has a file system and network of its own.
        landlock: without these, the version of Landlock that confines it.
        own: without these, its id.
        unseen: whether it may have memory that counts for no process: files without a name, and
            shared pages, which stay when the process gives them back. Drivers of GPUs need them.
    """
    lines: list[Line] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, machine.audit),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, KILL),
    ]
    for number in beyond.numbers(REFUSED, machine.column):
        lines += _always(number, EPERM)
    if not namespaces:
        for number in beyond.refused(machine.column, landlock):
            lines += _always(number, EPERM)
        for number in beyond.numbers(beyond.PRETENDED, machine.column):
            lines += _always(number, 0)
        for number, allowed in beyond.limited(machine.column, landlock, own):
            lines += _unless(number, FIRST, allowed)
    for blind in (CLONE3, set_id.OPENAT2):
        lines += _always(blind, ENOSYS)
    for call in set_id.CALLS.values():
        lines += _with_mode(call, call.numbers[machine.column])
    if not unseen:
        lines += _always(machine.memfd_create, EPERM)
        shared = ((MAP_FLAGS, MAP_SHARED), (MAP_FLAGS, MAP_ANONYMOUS))
        lines += _with_bits(machine.mmap, shared)
    lines += _if(machine.clone, FIRST, [(ANY_BIT, 0, 1, NEW_NAMESPACE)])
    lines += _if(machine.ioctl, SECOND, [(EQUAL, 0, 1, each) for each in INTO_TERMINAL])
    for number in (machine.socket, machine.socketpair):
        lines += _unless(number, FIRST, (AF_UNIX,))
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _always(number: int, error: int) -> list[Line]:
    """Answer a call with an error; 0: as if it were done."""
    return [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | error)]


def _unless(number: int, argument: int, allowed: Sequence[int]) -> list[Line]:
    """Refuse a call but for some values of an argument."""
    left = range(len(allowed), 0, -1)
    tests = [(EQUAL, skip, 0, value) for skip, value in zip(left, allowed, strict=True)]
    return _asked(number, argument, [*tests, (RETURN, 0, 0, REFUSE | EPERM)])


def _if(number: int, argument: int, tests: list[Line]) -> list[Line]:
    """Refuse a call if a test of an argument holds: it skips a line if not."""
    refusal = (RETURN, 0, 0, REFUSE | EPERM)
    return _asked(number, argument, [line for test in tests for line in (test, refusal)])


def _with_mode(call: set_id.ModeCall, number: int | None) -> list[Line]:
    """Refuse a call that would give a file one of `set_id.MODE_BITS`."""
    if number is None:
        return []
    tests = [(call.mode, set_id.MODE_BITS)]
    if call.flags is not None:
        tests.append((call.flags, set_id.CREATES))
    return _with_bits(number, tests)


def _with_bits(number: int, tests: Sequence[tuple[int, int]]) -> list[Line]:
    """Refuse a call if each of these arguments has one of its bits."""
    body: list[Line] = []
    for left, (argument, bits) in zip(range(len(tests), 0, -1), tests, strict=True):
        # Without such a bit: past the rest of the tests, and the refusal.
        body += [(LOAD, 0, 0, FIRST + 8 * argument), (ANY_BIT, 0, 2 * left - 1, bits)]
    body.append((RETURN, 0, 0, REFUSE | EPERM))
    return _asked(number, FIRST, body)


def _asked(number: int, argument: int, tests: list[Line]) -> list[Line]:
    body: list[Line] = [(LOAD, 0, 0, argument), *tests, (LOAD, 0, 0, NUMBER)]
    return [(EQUAL, 0, len(body), number), *body]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))


def install(*, namespaces: bool, landlock: int = 0, unseen: bool = True) -> None:
    """Filter this process's system calls from now on, and those of all that it starts.

    What a process without namespaces of its own can't do besides stands in `beyond`. It must have
    given up gaining privileges before, see `privileges.drop_capabilities`.

    Args:
        namespaces: whether the process has a file system and network of its own.
        landlock: without these, the version of Landlock that confines it.
        unseen: see `program`.

    Raises:
        OSError: the kernel refuses the filter, or none is known for this machine.
    """
    machine = architecture()
    if machine is None:
        raise OSError(ENOSYS, f"no filter of system calls is known for {os.uname().machine}")
    own = os.getpid()
    lines = program(machine, namespaces=namespaces, landlock=landlock, own=own, unseen=unseen)
    buffer = ctypes.create_string_buffer(lines, len(lines))
    whole = _Program(len(lines) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(whole))

"""System calls by which a process reaches beyond itself where it has no namespaces of its own.

Landlock refuses it files, but not their modes and times, sockets by path, System V memory, or the
scheduling of other processes; older versions of it don't refuse signals and cutting files either.
Numbers are those on x86_64 and aarch64, from the kernel's ``unistd_64.h`` and
``asm-generic/unistd.h``; None: there's no such call.
"""

from collections.abc import Iterator
from typing import Final

Numbers = tuple[int | None, int | None]

SIGNALS_SCOPED_SINCE: Final = 6
TRUNCATE_SINCE: Final = 3
"""Versions of Landlock that refuse by themselves what is refused here before them."""

ALWAYS: Final[dict[str, Numbers]] = {
    "socket": (41, 198),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "semget": (64, 190),
    "semctl": (66, 191),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
}
"""Refused whatever their arguments."""
PRETENDED: Final[dict[str, Numbers]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
}
"""They do nothing and say that they have: writing a file whole or not at all uses them."""
OF_ITSELF: Final[dict[str, Numbers]] = {
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
}
"""Allowed if the first argument is 0, which is the process itself."""
SIGNALS: Final[dict[str, Numbers]] = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
}
"""Allowed if the first argument is the process, or 0: its group."""
FROM_DESCRIPTORS: Final[dict[str, Numbers]] = {"pidfd_send_signal": (424, 424)}
CUTS: Final[dict[str, Numbers]] = {"truncate": (76, 45)}


def refused(column: int, landlock: int) -> Iterator[int]:
    """Numbers of the calls that are refused whatever their arguments.

    Args:
        column: 0 for x86_64, 1 for aarch64.
        landlock: its version, of a process that it confines.
    """
    tables = [ALWAYS]
    tables += [FROM_DESCRIPTORS] if landlock < SIGNALS_SCOPED_SINCE else []
    tables += [CUTS] if landlock < TRUNCATE_SINCE else []
    for table in tables:
        yield from numbers(table, column)


def limited(column: int, landlock: int, own: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Numbers of the calls that are refused but for some first arguments, and these.

    Args:
        column: see `refused`.
        landlock: likewise.
        own: id of the process that is confined.
    """
    for number in numbers(OF_ITSELF, column):
        yield number, (0,)
    if landlock < SIGNALS_SCOPED_SINCE:
        for number in numbers(SIGNALS, column):
            yield number, (0, own)


def numbers(table: dict[str, Numbers], column: int) -> Iterator[int]:
    """The numbers in a table on one kind of machine."""
    for each in table.values():
        number = each[column]
        if number is not None:
            yield number

"""System calls that could leave a file that runs with its owner's rights, whoever starts it.

Where a run is root's, a method could plant one in a folder that it may write, for another user of
the machine. Numbers are those on x86_64 and aarch64, from the kernel's ``unistd_64.h`` and
``asm-generic/unistd.h``.
"""

from dataclasses import dataclass
from typing import Final

MODE_BITS: Final = 0o6000
"""``S_ISUID`` and ``S_ISGID``."""
CREATES: Final = 0x400040
"""``O_CREAT`` and the bit of ``O_TMPFILE``: without one, an open call has no mode."""


@dataclass(frozen=True)
class ModeCall:
    """A call that takes a file's mode."""

    numbers: tuple[int | None, int | None]
    mode: int
    """Which argument is the mode, from 0."""
    flags: int | None = None
    """Which argument says whether there is a mode; None: there is."""


CALLS: Final = {
    "chmod": ModeCall((90, None), 1),
    "fchmod": ModeCall((91, 52), 1),
    "fchmodat": ModeCall((268, 53), 2),
    "fchmodat2": ModeCall((452, 452), 2),
    "mknod": ModeCall((133, None), 1),
    "mknodat": ModeCall((259, 33), 2),
    "creat": ModeCall((85, None), 1),
    "open": ModeCall((2, None), 2, 1),
    "openat": ModeCall((257, 56), 3, 2),
}
OPENAT2: Final = 437
"""Everywhere; its mode lies in memory, where no filter sees it, so libraries must use openat."""

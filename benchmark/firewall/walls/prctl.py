"""The system call that a process uses to restrict itself."""

import ctypes
import os


def prctl(option: int, first: int = 0, second: int = 0) -> int:
    """Call ``prctl``.

    Raises:
        OSError: it is refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_ulong(each) for each in (first, second, 0, 0)]
    found: int = libc.prctl(ctypes.c_int(option), *words)
    if found < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}, {first}): {os.strerror(number)}")
    return found

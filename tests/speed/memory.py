"""Peak memory of a call above that of the process before; Linux only."""

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

STATUS = Path("/proc/self/status")
KIB = 1024


def peak_above(function: Callable[[], object]) -> int:
    """Largest increase of resident memory, in bytes, while ``function`` ran."""
    gc.collect()
    # Memory that was freed but not returned would hide what the call takes.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    function()
    return _status("VmHWM") - before


def _status(field: str) -> int:
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * KIB

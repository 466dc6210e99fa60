"""Time and memory of one query on a volume as large as real ones."""

import resource
import sys
import time
import traceback
from pathlib import Path

from benchmark.conformance.borrowed import BorrowedPredictions
from benchmark.conformance.checks import VOLUME, Verdict
from benchmark.conformance.pools import LARGE, PoolSpec, fill
from benchmark.conformance.trials import Make
from benchmark.conformance.views import Watch, view
from nnactive.errors import NnactiveError
from nnactive.methods.run_method import run_method

PROC = Path("/proc/self")
GIB = 2**30


def judge_volume(make: Make, spec: PoolSpec = LARGE) -> Verdict:
    """Query a large image once, with one worker and, as in a query step, one thread.

    The time includes folding the members' predictions; the memory is the increase over the
    process's memory before the query, one member included.
    """
    method, contents = make(), fill(spec)
    watch = Watch(BorrowedPredictions(allowed=1, copies=False))
    pool = view(spec, contents, method, watch)
    before = _reset_peak()
    begin = time.monotonic()
    try:
        run_method(method, pool, spec.n)
    except NnactiveError as error:
        trace = "".join(traceback.format_exception(error))
        detail = " ".join(str(error).split())
        return Verdict(check=VOLUME, state="FAILED", detail=detail, trace=trace)
    seconds = time.monotonic() - begin
    memory = max(0, _peak() - before) / GIB
    return Verdict(
        check=VOLUME, state="ok", detail=f"{seconds:.1f} s, {memory:.2f} GiB above the process"
    )


def _reset_peak() -> int:
    """Memory of this process in bytes; resets its peak where the system allows it."""
    if sys.platform != "linux":
        return _peak()
    try:
        (PROC / "clear_refs").write_text("5")
    except OSError:
        return _peak()
    return _status("VmRSS")


def _peak() -> int:
    """Peak memory of this process in bytes."""
    if sys.platform == "linux":
        return _status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _status(field: str) -> int:
    lines = (PROC / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))

"""Time and memory of one query on a volume as large as real ones."""

import resource
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

from benchmark.conformance.checks import VOLUME, Verdict
from benchmark.conformance.pools import LARGE, Contents, PoolSpec, fill
from benchmark.conformance.trials import Make, watch_of
from benchmark.conformance.views import view
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch
from nnactive.methods import Need, QueryMethod
from nnactive.methods.run_method import run_method

PROC = Path("/proc/self")
GIB = 2**30


def judge_volume(make: Make, spec: PoolSpec = LARGE) -> Verdict:
    """Query a large image once, with one worker and, as in a query step, one thread.

    The time includes folding the members' predictions; the memory is the increase over the
    process's memory before the query, one member included. For a method that looks back it is the
    query of loop 2, with an earlier ensemble and a state.
    """
    contents = fill(spec)
    try:
        chosen, saved, figures = _measured(make(), spec, contents)
        if saved is not None or Need.HISTORY in make().needs:
            later = contents.after(spec, chosen, saved)
            *_, figures = _measured(make(), replace(spec, loop=spec.loop + 1), later)
    except NnactiveError as error:
        trace = "".join(traceback.format_exception(error))
        detail = " ".join(str(error).split())
        return Verdict(check=VOLUME, state="FAILED", detail=detail, trace=trace)
    return Verdict(check=VOLUME, state="ok", detail=figures)


def _measured(
    method: QueryMethod, spec: PoolSpec, contents: Contents
) -> tuple[list[Patch], bytes | None, str]:
    """What a query chooses and saves, and its time and memory."""
    watch = watch_of(method, contents, workers=1, copies=False)
    pool = view(spec, contents, method, watch)
    before = _reset_peak()
    begin = time.monotonic()
    chosen = run_method(method, pool, spec.n)
    seconds = time.monotonic() - begin
    memory = max(0, _peak() - before) / GIB
    return chosen, watch.state.saved, f"{seconds:.1f} s, {memory:.2f} GiB above the process"


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

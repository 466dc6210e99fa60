"""Runs a method's checks in a separate process, which may crash or hang."""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.child_errors import reported_cause
from benchmark.conformance.checks import CHECKS, LOADS, Verdict
from benchmark.execution.child_processes import spawn
from benchmark.execution.fresh import THREAD_VARIABLES
from benchmark.submission.method_string import Method
from benchmark.workflow.plan import STEP_COMMAND

POLL_SECONDS = 0.05
HASH_SEED = "PYTHONHASHSEED"
"""Environment variable that fixes the hashes of strings and so the order of sets."""

Watcher = Callable[[Sequence[Verdict]], None]


def command(method: Method, out: Path, *, answers: bool = False) -> list[str]:
    """The command of a process that checks a method, or only queries, and writes to ``out``."""
    only = ["--answers"] if answers else []
    return [*shlex.split(STEP_COMMAND), "conform", "--out", str(out), *only, *method.arguments]


def check(method: Method, seconds: float, watcher: Watcher) -> list[Verdict]:
    """Check a method on synthetic pools.

    Args:
        method: the METHOD.
        seconds: time limit for each check, which fails beyond it.
        watcher: called repeatedly with the verdicts so far.

    Returns:
        All verdicts in order; only the first if the method can't be loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, log = Path(folder) / "verdicts.jsonl", Path(folder) / "log.txt"
        with log.open("wb") as output:
            process = spawn(
                command(method, out),
                output,
                env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1"), HASH_SEED: "1"},
            )
            try:
                judged, cause = _follow(process, out, seconds, watcher)
            finally:
                if process.poll() is None:
                    # The whole group: the class may have started processes.
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if len(judged) == len(CHECKS) or (judged and judged[0].state == "FAILED"):
            return judged
        cause = cause or _end(process.returncode, log)
    if not judged:
        return [Verdict(check=LOADS, state="FAILED", detail=f"{method.string}: {cause}")]
    current, *rest = CHECKS[len(judged) :]
    failed = Verdict(check=current, state="FAILED", detail=cause)
    return [*judged, failed, *(Verdict(check=check, state="not judged") for check in rest)]


def _follow(
    process: "subprocess.Popen[bytes]", out: Path, seconds: float, watcher: Watcher
) -> tuple[list[Verdict], str]:
    """Verdicts until the process ended and, if a check took too long, a message about it."""
    judged: list[Verdict] = []
    since = time.monotonic()
    while True:
        ended = process.poll() is not None  # asked first, so that nothing it wrote is missed
        found = _read(out)
        if len(found) > len(judged):
            judged, since = found, time.monotonic()
        watcher(judged)
        if ended or len(judged) == len(CHECKS):
            return judged, ""
        if time.monotonic() - since > seconds:
            return judged, f"takes more than {seconds:g} s; allow more with --seconds"
        time.sleep(POLL_SECONDS)


def _read(out: Path) -> list[Verdict]:
    text = out.read_text(encoding="utf-8") if out.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return [Verdict.model_validate_json(line) for line in whole.splitlines()]


def _end(status: int, log: Path) -> str:
    """How a process ended too early, in one line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    cause = reported_cause(lines)
    if cause is not None:
        return cause
    if status < 0:
        memory = " (the system may have run out of memory)" if -status == signal.SIGKILL else ""
        return f"its process was killed by signal {-status}{memory}"
    return f"its process exited with status {status}"

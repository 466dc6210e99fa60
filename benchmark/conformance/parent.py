"""Runs the check of a method in a process of its own, which may crash or hang."""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.conformance.checks import LOADS, ROWS, Verdict
from benchmark.workflow.job import THREAD_VARIABLES
from benchmark.workflow.plan import STEP_COMMAND
from benchmark.workflow.process_groups import spawn

SECONDS_BETWEEN_LOOKS = 0.05
HASH_SEED = "PYTHONHASHSEED"
"""Environment variable that fixes the hashes of strings, and so the order of sets."""

Watcher = Callable[[Sequence[Verdict]], None]


def command(method: str, parameters: Sequence[str], out: Path) -> list[str]:
    """The command of a process that checks a method and writes to ``out``."""
    given = [part for parameter in parameters for part in ("--param", parameter)]
    return [*shlex.split(STEP_COMMAND), "conform", method, *given, "--out", str(out)]


def check(
    method: str, parameters: Sequence[str], seconds: float, watcher: Watcher
) -> list[Verdict]:
    """Check a method on synthetic pools.

    Args:
        method: the METHOD.
        parameters: further parameters of it, each ``name=value``.
        seconds: time for each row; what takes longer failed.
        watcher: told again and again what is judged so far.

    Returns:
        All rows in their order; the first alone if the method can't be loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, log = Path(folder) / "rows.jsonl", Path(folder) / "log.txt"
        with log.open("wb") as output:
            process = spawn(
                command(method, parameters, out),
                output,
                env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1"), HASH_SEED: "1"},
            )
            try:
                judged, cause = _follow(process, out, seconds, watcher)
            finally:
                if process.poll() is None:
                    # Its whole group: the class may have started processes.
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if len(judged) == len(ROWS) or (judged and judged[0].state == "FAILED"):
            return judged
        cause = cause or _end(process.returncode, log)
    if not judged:
        return [Verdict(row=LOADS, state="FAILED", detail=f"{method}: {cause}")]
    row, *left = ROWS[len(judged) :]
    failed = Verdict(row=row, state="FAILED", detail=cause)
    return [*judged, failed, *(Verdict(row=row, state="not judged") for row in left)]


def _follow(
    process: "subprocess.Popen[bytes]", out: Path, seconds: float, watcher: Watcher
) -> tuple[list[Verdict], str]:
    """Rows judged until the process ended, and, if one took too long, that."""
    judged: list[Verdict] = []
    since = time.monotonic()
    while True:
        ended = process.poll() is not None  # first, so that nothing it wrote is missed
        found = _read(out)
        if len(found) > len(judged):
            judged, since = found, time.monotonic()
        watcher(judged)
        if ended or len(judged) == len(ROWS):
            return judged, ""
        if time.monotonic() - since > seconds:
            return judged, f"isn't done after {seconds:g} s; --seconds allows more"
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _read(out: Path) -> list[Verdict]:
    text = out.read_text(encoding="utf-8") if out.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return [Verdict.model_validate_json(line) for line in whole.splitlines()]


def _end(status: int, log: Path) -> str:
    """How a process ended that should have gone on, in one line."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if told:
        return told[-1]
    if status < 0:
        memory = " (the system may have run out of memory)" if -status == signal.SIGKILL else ""
        return f"its process was ended by signal {-status}{memory}"
    return f"it ended its process with exit status {status}"

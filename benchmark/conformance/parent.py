"""Runs a method's checks in separate processes, which may crash or hang."""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.child_errors import reported_cause
from benchmark.conformance.boxed.told import answers, believed, verdicts
from benchmark.conformance.checks import (
    BEFORE,
    CHECKS,
    LOADS,
    PROCESS,
    REPEATED,
    Verdict,
    elsewhere,
)
from benchmark.execution.child_processes import all_ended, spawn
from benchmark.execution.ends import left
from benchmark.execution.fresh import THREAD_VARIABLES
from benchmark.execution.limits import Watch, log_limit
from benchmark.firewall.shallow import shallow_after
from benchmark.submission.method_string import Method
from benchmark.workflow.plan import STEP_COMMAND
from nnactive.answers.plain import UnbelievableError
from nnactive.settings import Limits

POLL_SECONDS = 0.05
SECONDS_TO_DIE: Final = 1.0
"""For what killed processes have started."""
LAST_BYTES: Final = 1 << 16
"""Of a log, in which the cause of its end is."""
HASH_SEED = "PYTHONHASHSEED"
"""Environment variable that fixes the hashes of strings and so the order of sets."""

Watcher = Callable[[Sequence[Verdict]], None]


def check(method: Method, seconds: float, watcher: Watcher) -> list[Verdict]:
    """Check a method on synthetic pools, in a box.

    Meanwhile another process, with other string hashes, makes the same queries.

    Args:
        method: the METHOD.
        seconds: time limit for each check, which fails beyond it.
        watcher: called repeatedly with the verdicts so far.

    Returns:
        All verdicts in order; only the first if the method can't be loaded.
    """
    method = method.staged()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name,
        shallow_after(Path(name)),
        all_ended(SECONDS_TO_DIE),
    ):
        folder = Path(name).resolve()
        with _started(method, folder / "1") as main, _started(method, folder / "2") as other:
            judged, cause = _follow(main, other, seconds, watcher)
        if len(judged) == len(CHECKS) or (judged and judged[0].state == "FAILED"):
            return judged
        cause = cause or main.end()
    if not judged:
        return [Verdict(check=LOADS, state="FAILED", detail=f"{method.string}: {cause}")]
    current, *rest = CHECKS[len(judged) :]
    failed = Verdict(check=current, state="FAILED", detail=cause)
    return [*judged, failed, *(Verdict(check=check, state="not judged") for check in rest)]


@dataclass(frozen=True)
class _Child:
    """A process with a box."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    """What the box may write."""
    log: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> str:
        """How it ended too early, in one line."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - LAST_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        cause = reported_cause(lines)
        if cause is not None:
            return cause
        return left(self.process.returncode)


def command(method: Method, out: Path, *, answers: bool = False) -> list[str]:
    """The command of a process that checks a method, or only queries, and writes into ``out``."""
    only = ["--answers"] if answers else []
    return [*shlex.split(STEP_COMMAND), "conform", "--out", str(out), *only, *method.arguments]


@contextmanager
def _started(method: Method, folder: Path) -> Iterator[_Child]:
    """The process that runs the checks (folder 1) or only queries (folder 2)."""
    main = folder.name == "1"
    threads = dict.fromkeys(THREAD_VARIABLES, "1") if main else {}
    log = folder.with_suffix(".txt")
    with log.open("wb") as output:
        process = spawn(
            command(method, folder, answers=not main),
            output,
            env={**os.environ, **threads, HASH_SEED: folder.name},
        )
    try:
        yield _Child(process, folder, log)
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _follow(
    main: _Child, other: _Child, seconds: float, watcher: Watcher
) -> tuple[list[Verdict], str]:
    """Verdicts until the process ended and, if a check passed a limit, a message about it."""
    judged: list[Verdict] = []
    since = time.monotonic()
    limits = Limits()  # of a setting that names none
    while True:
        # Asked first and once, so that nothing that either wrote is missed.
        ended, other_ended = main.ended, other.ended
        try:
            found = _rows(main, other if other_ended else None)
        except UnbelievableError:
            return judged, "its process wrote something other than verdicts"
        if len(found) > len(judged):
            judged, since = found, time.monotonic()
        watcher(judged)
        early = len(judged) < len(BEFORE) or other_ended
        if (ended and early) or len(judged) == len(CHECKS):
            return judged, ""
        if time.monotonic() - since > seconds:
            return judged, f"takes more than {seconds:g} s; allow more with --seconds"
        if max(each.log.stat().st_size for each in (main, other)) > log_limit(limits):
            return judged, f"its process {Watch(limits).too_much_output().reason}"
        time.sleep(POLL_SECONDS)


def _rows(main: _Child, other: _Child | None) -> list[Verdict]:
    """The verdicts so far, with that on two processes, and without those that are disproved.

    Args:
        main: the process with the checks.
        other: the one that only queries; None while it does.
    """
    found = verdicts(main.folder)
    if len(found) < len(BEFORE):
        return found
    mine = answers(main.folder)
    before, after = believed(found[: len(BEFORE)], mine), found[len(BEFORE) :]
    if other is None:
        return before
    if other.process.returncode:
        text = f"{other.end()} in another process"
        return [*before, Verdict(check=PROCESS, state="FAILED", detail=text), *after]
    same = next(row for row in before if row.check == REPEATED).state != "FAILED"
    return [*before, elsewhere(mine, answers(other.folder), comparable=same), *after]

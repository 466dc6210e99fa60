"""Progress of a run, as its files show it."""

import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.child_errors import reported_cause
from benchmark.jobs import Job
from benchmark.layout import failure_file
from benchmark.steps import TRAIN_FOLD, Step
from benchmark.workflow.job import STATUS
from nnactive.io.costs import cost_file, read_cost

TAIL_BYTES = 4096
SECONDS_TO_START = 4.0
"""Duration of a job's start, which its cost leaves out: a new process and its imports."""
LONGEST = TRAIN_FOLD
"""There is no estimate before a job of this step has finished."""
SIGNALLED = 128
"""Added to the signal's number where a signal ended a command."""


@dataclass(frozen=True)
class Progress:
    """Progress of a run at one moment."""

    total: int
    done: tuple[Job, ...]
    """In the order in which they were found done."""
    fresh: tuple[Job, ...]
    """Of these, the ones that were done since the last look."""
    running: tuple[Job, ...]
    seconds_left: float | None
    """None if there is no estimate yet."""


@dataclass
class Watch:
    """Follows a run by its files."""

    root: Path
    pending: list[Job]
    total: int = 0
    done: list[Job] = field(default_factory=list)
    seconds: dict[Step, list[float]] = field(default_factory=dict)
    """Durations of finished jobs in s."""
    earned: float = 0.0
    """Seconds of work finished since ``began``."""
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.total = len(self.pending)
        self._move_done()
        self.earned = 0.0

    def look(self) -> Progress:
        """The progress now."""
        fresh = self._move_done()
        return Progress(
            total=self.total,
            done=tuple(self.done),
            fresh=tuple(fresh),
            running=tuple(job for job in self.pending if self._is_running(job)),
            seconds_left=self._seconds_left(),
        )

    def _move_done(self) -> list[Job]:
        fresh = [job for job in self.pending if (self.root / job.output).exists()]
        moved = {job.output for job in fresh}
        self.pending = [job for job in self.pending if job.output not in moved]
        self.done.extend(fresh)
        for job in fresh:
            seconds = self._cost(job) + SECONDS_TO_START
            self.seconds.setdefault(job.step, []).append(seconds)
            self.earned += seconds
        return fresh

    def _cost(self, job: Job) -> float:
        output = self.root / job.output
        return read_cost(output).seconds if cost_file(output).exists() else 0.0

    def _is_running(self, job: Job) -> bool:
        log = self.root / job.log
        return log.exists() and exit_status(log) is None

    def _seconds_left(self) -> float | None:
        if not self.earned or LONGEST not in self.seconds:
            return None
        mean = {step: sum(values) / len(values) for step, values in self.seconds.items()}
        typical = sum(mean.values()) / len(mean)
        counts = Counter(job.step for job in self.pending)
        work = sum(count * mean.get(step, typical) for step, count in counts.items())
        return work * (time.monotonic() - self.began) / self.earned


def exit_status(log: Path) -> int | None:
    """Exit status at the end of a job's log; None while it runs, or if it was killed."""
    last = _tail(log)[-1:]
    text = last[0].removeprefix(STATUS) if last else ""
    return int(text) if last and last[0] != text and text.isdigit() else None


def reason(log: Path) -> str:
    """The cause of a failure according to the job's log, in one line."""
    lines = _tail(log)
    cause = reported_cause(lines)
    if cause is not None:
        return cause
    status = exit_status(log)
    if status is not None and status > SIGNALLED:
        number = status - SIGNALLED
        memory = " (the system may have run out of memory)" if number == signal.SIGKILL else ""
        return f"was ended by signal {number}{memory}"
    return f"failed with exit status {status}" if status is not None else "was interrupted"


def forget(root: Path, pending: Sequence[Job]) -> None:
    """Remove logs and failure files that earlier attempts at pending jobs left."""
    for job in pending:
        (root / job.log).unlink(missing_ok=True)
        failure_file(root / job.output).unlink(missing_ok=True)


def _tail(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()

"""Progress of a run, as its files show it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.execution.log import exit_status
from benchmark.jobs import Job
from benchmark.layout import failure_file
from benchmark.steps import TRAIN_FOLD, Step
from nnactive.io.costs import cost_file, read_cost

SECONDS_TO_START = 4.0
"""Duration of a job's start, which its cost leaves out: a new process and its imports."""
LONGEST = TRAIN_FOLD
"""There is no estimate before a job of this step has finished."""


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


def forget(root: Path, pending: Sequence[Job]) -> None:
    """Remove logs and failure files that earlier attempts at pending jobs left."""
    for job in pending:
        (root / job.log).unlink(missing_ok=True)
        failure_file(root / job.output).unlink(missing_ok=True)

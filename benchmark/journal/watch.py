"""Progress of a run, as the journals of its track tell it."""

import gc
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmark import layout
from benchmark.jobs import Job
from benchmark.journal.earlier import borrowed
from benchmark.journal.events import Event, append
from benchmark.journal.follower import Follower
from benchmark.journal.left import Gaps, Pending, gpu_seconds_left, seconds_left
from benchmark.journal.present import Present, present
from benchmark.journal.tally import Tally
from benchmark.layout import failure_file
from benchmark.steps import Resources
from nnactive.io.leases import living

SECONDS_BETWEEN_ESTIMATES = 2.0


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
    """Follows a run by its journal; calls of the file system don't grow with its size."""

    root: Path
    listed: Sequence[Job]
    shared: Resources = field(default_factory=lambda: Resources(1, 1, ()))
    """What the jobs share."""
    writer: str = ""
    """The run's journal; empty: any of the track."""
    tally: Tally = field(default_factory=Tally)
    gaps: Gaps = field(default_factory=Gaps)
    _done: list[Job] = field(default_factory=list)
    _pending: dict[str, Job] = field(default_factory=dict)
    _waiting: Counter[Pending] = field(default_factory=Counter)
    """Pending jobs that don't run."""
    _running: dict[str, float] = field(default_factory=dict)
    """When each job that runs began, in seconds since 1970."""
    _kinds: dict[str, Pending] = field(default_factory=dict)
    """What the estimate needs to know of each pending job."""
    _turns: deque[str] = field(default_factory=deque)
    _left: float | None = None
    _estimated: float | None = None

    def __post_init__(self) -> None:
        jobs = {str(job.output): job for job in self.listed}
        there = present(self.root, jobs)
        self._done = [job for output, job in jobs.items() if output in there]
        self._pending = {output: job for output, job in jobs.items() if output not in there}
        self._kinds = {output: Pending.of(job) for output, job in self._pending.items()}
        self._waiting = Counter(self._kinds.values())
        self._turns = deque(self._pending)
        self.follower = Follower(self.root, self.writer)
        deque(self.tally.add(self.follower.catch_up()), maxlen=0)
        self.tally.durations.begin()
        if gpu_seconds_left(self._waiting, self.tally.durations) is None:
            self.tally.durations.borrow(borrowed(self.root))
        self._correct()
        for output, record in self.tally.begun():
            if output in self._pending and record.begun and _lives(self.root, output):
                self._begin(output, record.begun)
        gc.collect()  # now, rather than in a look

    def _correct(self) -> None:
        """Tell the journal of what it calls done and is to be made again."""
        for output, job in self._pending.items() if self.writer else ():
            record = self.tally.jobs.get(output)
            if record is None or record.state != "ended" or (self.root / output).exists():
                continue
            reset = Event(kind="reset", job=output, step=job.step.name)
            with suppress(OSError):  # a full disk is for the jobs to tell
                append(self.root, self.writer, reset)

    def look(self) -> Progress:
        """The progress now."""
        fresh = [
            job
            for _, event in self.tally.add(self.follower.look())
            if (job := self._heard(event)) is not None
        ]
        return self._progress(fresh + self._checked())

    def last(self) -> Progress:
        """The progress at the end of the run, of which the files have the last word."""
        there = present(self.root, self._pending)
        fresh = [self._end(output) for output in list(self._pending) if output in there]
        self._running.clear()
        return self._progress(fresh)

    def _heard(self, event: Event) -> Job | None:
        """Note an event; the job if that is now done."""
        if event.job not in self._pending:
            return None
        self.gaps.add(event)
        if event.kind == "began":
            self._begin(event.job, event)
        elif event.kind == "ended":
            return self._end(event.job)
        else:
            self._stop(event.job)
        return None

    def _begin(self, output: str, event: Event) -> None:
        if output not in self._running:
            self._waiting[self._kinds[output]] -= 1
        self._running[output] = event.time

    def _stop(self, output: str) -> None:
        if self._running.pop(output, None) is not None:
            self._waiting[self._kinds[output]] += 1

    def _end(self, output: str) -> Job:
        self._stop(output)
        self._waiting[self._kinds.pop(output)] -= 1
        self._done.append(self._pending[output])
        return self._pending.pop(output)

    def _checked(self) -> list[Job]:
        """Jobs that are done and in no journal: a few are looked at each time, in turn."""
        found = []
        for _ in range(len(self._turns)):
            output = self._turns[0]
            if output in self._pending:
                if not self.follower.budget.take_spare():
                    break
                if (self.root / output).exists():
                    found.append(self._end(output))
            if output in self._pending:
                self._turns.rotate(-1)
            else:
                self._turns.popleft()
        return found

    def _progress(self, fresh: list[Job]) -> Progress:
        now = time.monotonic()
        if self._estimated is None or now - self._estimated >= SECONDS_BETWEEN_ESTIMATES:
            self._estimated = now
            self._left = self._seconds_left()
        return Progress(
            total=len(self._done) + len(self._pending),
            done=tuple(self._done),
            fresh=tuple(fresh),
            running=tuple(self._pending[output] for output in self._running),
            seconds_left=self._left,
        )

    def _seconds_left(self) -> float | None:
        now = time.time()
        running = [(self._kinds[output], now - since) for output, since in self._running.items()]
        waiting = {job: count for job, count in self._waiting.items() if count}
        known = self.tally.durations
        return seconds_left(waiting, running, known, self.shared, self.gaps.typical)


def _lives(root: Path, output: str) -> bool:
    return living(root / layout.lease_file(Path(output))) is not None


def forget(root: Path, pending: Sequence[Job]) -> None:
    """Remove logs and failure files that earlier attempts at pending jobs left.

    Those of jobs that another run is at stay.
    """
    there = Present(root)
    for job in pending:
        files = [job.log, failure_file(job.output)]
        found = [file for file in files if there.has(str(file))]
        if found and not _lives(root, str(job.output)):
            for file in found:
                with suppress(OSError):
                    (root / file).unlink()

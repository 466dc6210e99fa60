"""Where a track is: what of it is done, running, waiting and failed, and the time that takes.

Only journals and leases are read, so that it works while jobs run, from any node.
"""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmark import layout
from benchmark.jobs import Job
from benchmark.journal.durations import Durations
from benchmark.journal.earlier import borrowed
from benchmark.journal.follower import Follower
from benchmark.journal.left import Pending, gpu_seconds_left, seconds_left
from benchmark.journal.study.wanted import Wanted, wanted
from benchmark.journal.tally import Record, Tally
from benchmark.steps import Per, Resources
from nnactive.io.leases import living

Stage = Literal["done", "running", "waiting", "failed"]


@dataclass(frozen=True)
class Running:
    """One job that runs."""

    job: str
    """For people."""
    output: str
    host: str
    gpu: str | None
    scheduled: str | None
    """The cluster job's id."""
    writer: str
    """The run or shard that it belongs to."""
    seconds: float
    """Since it began."""


@dataclass(frozen=True)
class Failed:
    """One job that failed."""

    job: str
    """For people."""
    output: str
    reason: str
    log: str
    experiments: int
    """How many can't go on without it."""


@dataclass(frozen=True)
class Overview:
    """Where a track is."""

    track: str
    folder: str
    done: int
    """Experiments, as the following three."""
    running: int
    waiting: int
    failed: int
    jobs: int
    jobs_done: int
    jobs_running: tuple[Running, ...]
    failures: tuple[Failed, ...]
    interrupted: tuple[Running, ...]
    """Jobs whose process died without a word, by when they began."""
    seconds_spent: float
    """Of all jobs, those that run included."""
    gpu_seconds_spent: float
    gpu_seconds_left: float | None
    """None: not known yet, or not on a GPU."""
    seconds_left: float | None
    """Of the clock, at as many jobs at once as run now; None: not known, or nothing runs."""
    journaled: bool
    """Whether there is a journal at all."""
    skipped: int
    """Lines of journals that a newer release wrote."""


@dataclass
class State:
    """What an overview is made from."""

    root: Path
    asked: Wanted
    tally: Tally = field(default_factory=Tally)
    skipped: int = 0
    living: dict[str, Record] = field(default_factory=dict)
    """Of the jobs that run."""
    dead: dict[str, Record] = field(default_factory=dict)
    """Of those that were killed."""

    def is_done(self, job: Job) -> bool:
        """Whether the journals say that a job is done."""
        record = self.tally.jobs.get(str(job.output))
        return record is not None and record.settled == "ended" and not self.runs(job)

    def runs(self, job: Job) -> bool:
        """Whether a job runs."""
        return str(job.output) in self.living

    def has_failed(self, job: Job) -> bool:
        """Whether a job's last attempt failed."""
        record = self.tally.jobs.get(str(job.output))
        return record is not None and record.settled == "failed" and not self.runs(job)


def read_state(root: Path) -> State:
    """What the journals and leases of a track say; ``root`` is its folder.

    Raises:
        UserError: if there is no track in the folder.
    """
    tally, follower = Tally(), Follower(root)
    deque(tally.add(follower.catch_up()), maxlen=0)
    state = State(root, wanted(root, tally.jobs), tally, follower.skipped)
    for output, record in tally.begun():
        lives = living(root / layout.lease_file(Path(output))) is not None
        (state.living if lives else state.dead)[output] = record
    return state


def overview(state: State) -> Overview:
    """The overview of a state."""
    asked = state.asked
    stages = {each: _stage(state, jobs) for each, jobs in asked.jobs.items()}
    counts = Counter(stages.values())
    everything = {str(job.output): job for jobs in asked.jobs.values() for job in jobs}
    pending = {output: job for output, job in everything.items() if not state.is_done(job)}
    running = tuple(_running(everything, state.living))
    interrupted = {
        output: record for output, record in state.dead.items() if record.settled != "ended"
    }
    gpu_left, clock = _left(state, pending)
    now = sum(each.seconds for each in running)
    on_gpu = sum(each.seconds for each in running if each.gpu is not None)
    return Overview(
        track=asked.track.name,
        folder=str(state.root),
        **{stage: counts[stage] for stage in ("done", "running", "waiting", "failed")},
        jobs=len(everything),
        jobs_done=len(everything) - len(pending),
        jobs_running=running,
        failures=tuple(_failures(state, everything)),
        interrupted=tuple(_running(everything, interrupted)),
        seconds_spent=round(state.tally.seconds + now, 1),
        gpu_seconds_spent=round(state.tally.gpu_seconds + on_gpu, 1),
        gpu_seconds_left=gpu_left,
        seconds_left=clock,
        journaled=bool(state.tally.jobs),
        skipped=state.skipped,
    )


def _stage(state: State, jobs: list[Job]) -> Stage:
    own = [job for job in jobs if job.target.loop or job.step.per is Per.EXPERIMENT]
    if state.is_done(jobs[-1]):
        return "done"
    if any(state.runs(job) for job in own):
        return "running"
    return "failed" if any(state.has_failed(job) for job in jobs) else "waiting"


def _running(everything: dict[str, Job], records: dict[str, Record]) -> Iterator[Running]:
    now = time.time()
    for output, record in records.items():
        begun = record.begun
        if begun is not None:
            yield Running(
                job=str(everything.get(output, output)),
                output=output,
                host=begun.host,
                gpu=begun.gpu,
                scheduled=begun.scheduled,
                writer=record.writer,
                seconds=round(max(0.0, now - begun.time), 1),
            )


def _failures(state: State, everything: dict[str, Job]) -> Iterator[Failed]:
    failed = {output: job for output, job in everything.items() if state.has_failed(job)}
    needed = Counter(
        str(job.output)
        for jobs in state.asked.jobs.values()
        if not state.is_done(jobs[-1])
        for job in jobs
        if str(job.output) in failed
    )
    for output, job in failed.items():
        over = state.tally.jobs[output].over
        yield Failed(
            job=str(job),
            output=output,
            reason=(over.reason if over else None) or "no reason was recorded",
            log=str(state.root / job.log),
            experiments=needed[output],
        )


def _left(state: State, pending: dict[str, Job]) -> tuple[float | None, float | None]:
    """Seconds of a GPU, and of the clock, that pending jobs still take."""
    waiting: Counter[Pending] = Counter()
    running: list[tuple[Pending, float]] = []
    now = time.time()
    for output, job in pending.items():
        kind = Pending.of(job)
        begun = state.living[output].begun if output in state.living else None
        if begun is not None:
            running.append((kind, now - begun.time))
        else:
            waiting[kind] += 1
    durations = state.tally.durations
    if gpu_seconds_left(waiting, durations) is None:
        durations.borrow(borrowed(state.root))
    return _gpu_left(state, waiting, running, durations), _clock_left(waiting, running, durations)


def _gpu_left(
    state: State,
    waiting: Counter[Pending],
    running: list[tuple[Pending, float]],
    durations: Durations,
) -> float | None:
    on_gpu = state.tally.gpu_seconds or any(
        each.begun and each.begun.gpu is not None for each in state.living.values()
    )
    if not on_gpu:
        return None
    rest = gpu_seconds_left(Counter(kind for kind, _ in running), durations)
    later = gpu_seconds_left(waiting, durations)
    if rest is None or later is None:
        return None
    return round(max(0.0, rest - sum(seconds for _, seconds in running)) + later, 1)


def _clock_left(
    waiting: Counter[Pending], running: list[tuple[Pending, float]], durations: Durations
) -> float | None:
    if not running:
        return None
    shared = Resources(len(running), 1, tuple(map(str, range(len(running)))))
    left = seconds_left(waiting, running, durations, shared)
    return None if left is None else round(left, 1)

"""The time that a run still takes: how long its kinds of jobs take, and how many run at once."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmark.jobs import Job
from benchmark.journal.durations import Durations, Kind
from benchmark.journal.events import Event
from benchmark.layout import Experiment, experiment_of, first_loop_of
from benchmark.steps import STEPS, Per, Resources, Step

BY_NAME: Final = {step.name: step for step in STEPS}
OVERDUE: Final = 0.05
"""Share of its expected time that a job is thought to take still once that is over."""
GAPS: Final = 50
LONGEST_GAP: Final = 30.0
"""Longer pauses in s have other causes than starting the next job."""


@dataclass(frozen=True)
class Pending:
    """What matters of jobs that aren't done."""

    kind: Kind
    group: Experiment
    """What its jobs run one after another for, but for the folds: an experiment, or a start."""
    folds: int = 1
    """How many of the group's jobs of this kind don't wait for one another."""

    @classmethod
    def of(cls, job: Job) -> "Pending":
        """What matters of a job."""
        experiment = experiment_of(job.output) or job.target.experiment
        folds = job.target.setting.training.folds if job.step.per is Per.FOLD else 1
        return cls(Kind.of(job.step.name, str(job.output)), experiment, folds)


@dataclass
class Gaps:
    """Pauses between a job's end and the next one's beginning, which its duration leaves out."""

    ends: deque[float] = field(default_factory=lambda: deque(maxlen=GAPS))
    found: deque[float] = field(default_factory=lambda: deque(maxlen=GAPS))

    def add(self, event: Event) -> None:
        """Add an event of the run."""
        if event.kind != "began":
            self.ends.append(event.time)
        elif self.ends:
            pause = event.time - self.ends.pop()
            if 0 <= pause <= LONGEST_GAP:
                self.found.append(pause)

    @property
    def typical(self) -> float:
        """Seconds."""
        return median(self.found) if self.found else 0.0


def seconds_left(
    waiting: Mapping[Pending, int],
    running: Iterable[tuple[Pending, float]],
    durations: Durations,
    shared: Resources,
    gap: float = 0.0,
) -> float | None:
    """Seconds until all pending jobs are done.

    The longer of two: all work spread over the machine, and the longest chain of jobs that wait
    for one another.

    Args:
        waiting: how many jobs wait.
        running: each job that runs, and for how many seconds it has.
        durations: of jobs that have ended.
        shared: what the jobs share.
        gap: seconds that pass between two jobs.

    Returns:
        None if a training is pending and none has ended.
    """
    known = _Known(durations)
    work = {"cores": 0.0, "gpus": 0.0}
    chains: dict[Experiment, float] = {}

    def add(job: Pending, seconds: float) -> None:
        share = known.share(job.kind, shared)
        work["cores"] += seconds * share.cores
        work["gpus"] += seconds * share.gpus
        chains[job.group] = chains.get(job.group, 0.0) + seconds * share.rounds(job.folds)

    try:
        for job, count in waiting.items():
            add(job, count * (known.seconds(job.kind) + gap))
        for job, elapsed in running:
            whole = known.seconds(job.kind)
            add(job, max(whole - elapsed, OVERDUE * whole))
    except _UnknownError:
        return None
    return max(*work.values(), _longest(chains))


def gpu_seconds_left(waiting: Mapping[Pending, int], durations: Durations) -> float | None:
    """Seconds of one GPU that waiting jobs take; None if a training's time isn't known."""
    known = _Known(durations)
    on_gpu = {job: count for job, count in waiting.items() if BY_NAME[job.kind.step].gpu}
    try:
        return sum(count * known.seconds(job.kind) for job, count in on_gpu.items())
    except _UnknownError:
        return None


class _UnknownError(Exception):
    """Nothing is known of how long a training takes."""


class _Known:
    """What the kinds of jobs take, asked once each."""

    def __init__(self, durations: Durations) -> None:
        self.durations = durations
        self.needs: dict[Kind, float] = {}
        self.shares: dict[Kind, _Share] = {}
        short = [Kind(name) for name, step in BY_NAME.items() if step.per is not Per.FOLD]
        known = [seconds for kind in short if (seconds := durations.expected(kind)) is not None]
        self.typical = sum(known) / len(known) if known else 0.0
        """Mean of the short steps: for one of which nothing is known."""

    def seconds(self, kind: Kind) -> float:
        if kind not in self.needs:
            seconds = self.durations.expected(kind)
            if seconds is None and BY_NAME[kind.step].per is Per.FOLD:
                raise _UnknownError
            self.needs[kind] = self.typical if seconds is None else seconds
        return self.needs[kind]

    def share(self, kind: Kind, shared: Resources) -> "_Share":
        if kind not in self.shares:
            self.shares[kind] = _Share.of(BY_NAME[kind.step], shared)
        return self.shares[kind]


@dataclass(frozen=True)
class _Share:
    """What one job of a step occupies of the machine."""

    cores: float
    gpus: float

    def rounds(self, folds: int) -> float:
        """How long so many of a group's jobs take by one's duration, for each of them."""
        at_once = max(1, int(1 / max(self.cores, self.gpus)))
        return math.ceil(folds / at_once) / folds

    @classmethod
    def of(cls, step: Step, shared: Resources) -> "_Share":
        cores = min(1.0, step.threads(shared) / max(1, shared.cores))
        gpus = step.gpu / len(shared.gpus) if shared.gpus else 0.0
        return cls(cores, gpus)


def _longest(chains: Mapping[Experiment, float]) -> float:
    """The longest chain: an experiment's after its start's."""
    starts = {group: group._replace(method=first_loop_of(group.method)) for group in chains}
    before = {
        group: chains.get(start, 0.0) if start != group else 0.0 for group, start in starts.items()
    }
    return max((seconds + before[group] for group, seconds in chains.items()), default=0.0)

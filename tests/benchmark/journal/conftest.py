"""STAND-INS for runs: their jobs and journals are made up, nothing runs."""

import heapq
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark import layout
from benchmark.jobs import Job, experiment_jobs
from benchmark.journal.events import Event, append
from benchmark.journal.study.overview import Overview, overview, read_state
from benchmark.layout import Experiment, first_loop_of, loop_of
from benchmark.results import Failure
from benchmark.steps import STEPS, Resources
from benchmark.tracks import Track, experiments
from nnactive.io.files import write_model
from nnactive.io.leases import Lease
from nnactive.settings import Setting, Training

MEANS = {"start": 3, "query": 60, "annotate": 8, "train_fold": 400, "evaluate": 90, "result": 4}
"""Seconds of a job of each step."""


def setting(name: str, loops: int, folds: int) -> Setting:
    return Setting(
        name=name,
        dataset="phantom",
        regime="r",
        patch_size=(4, 4, 4),
        starting_budget=1,
        query_size=1,
        loops=loops,
        training=Training(folds=folds, epochs=1),
    )


def track(
    settings: int = 1,
    methods: tuple[str, ...] = ("random",),
    seeds: int = 1,
    loops: int = 3,
    folds: int = 2,
) -> Track:
    return Track(
        name="toy",
        title="Toy",
        description="",
        comparable=False,
        settings=tuple(setting(f"s{number}", loops, folds) for number in range(settings)),
        methods=methods,
        seeds=tuple(range(1, seeds + 1)),
    )


def jobs_of(made: Track) -> list[Job]:
    """A track's jobs, each once."""
    by_name = {each.name: each for each in made.settings}
    listed = [
        job
        for each in experiments(made, made.methods)
        for job in experiment_jobs(Path("/data/phantom"), by_name[each.setting], each)
    ]
    return list({job.output: job for job in listed}.values())


@dataclass
class Run:
    """A made-up run: jobs wait for those before them, a GPU, and some seconds between two."""

    jobs: list[Job]
    shared: Resources
    gap: float = 0.5
    spread: float = 0.2
    """Durations differ by up to so much of the mean, and settings more."""
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    now: float = 1_000_000.0
    slower: dict[str, float] = field(default_factory=dict)

    def seconds(self, job: Job) -> float:
        name = job.target.setting.name
        factor = self.slower.setdefault(name, self.dice.uniform(0.5, 2))
        return MEANS[job.step.name] * factor * self.dice.uniform(1 - self.spread, 1 + self.spread)

    def events(self) -> Iterator[Event]:
        """What its journal tells."""
        needs = _needs(self.jobs)
        after = _after(needs)
        by_output = {job.output: job for job in self.jobs}
        ready = [job for job in self.jobs if not needs[job.output]]
        going: list[tuple[float, int, Job, float]] = []
        free = [self.shared.cores, len(self.shared.gpus) or len(self.jobs)]
        count = 0
        while ready or going:
            for job in list(ready):
                wanted = (job.step.threads(self.shared), int(job.step.gpu))
                if wanted[0] <= free[0] and wanted[1] <= free[1]:
                    ready.remove(job)
                    free = [free[0] - wanted[0], free[1] - wanted[1]]
                    begin, took, count = self.now + self.gap, self.seconds(job), count + 1
                    heapq.heappush(going, (begin + took, count, job, took))
                    yield self.event("began", job, begin)
                elif not free[0]:
                    break
            self.now, _, job, took = heapq.heappop(going)
            free = [free[0] + job.step.threads(self.shared), free[1] + int(job.step.gpu)]
            yield self.event("ended", job, self.now, seconds=round(took, 2))
            for output in after[job.output]:
                needs[output].remove(job.output)
                ready += [] if needs[output] else [by_output[output]]

    def event(self, kind: str, job: Job, now: float, **more: object) -> Event:
        gpu = "0" if job.step.gpu else None
        step = job.step.name
        return Event(kind=kind, job=str(job.output), step=step, time=now, gpu=gpu, **more)


def _needs(jobs: list[Job]) -> dict[Path, set[Path]]:
    """What each job waits for: the stage before its own, and a start for its experiments."""
    stages: dict[Experiment, dict[tuple[int, int], set[Path]]] = defaultdict(dict)
    places = {}
    for job in jobs:
        found, last = loop_of(job.output), job.target.setting.loops
        loop = last if found is None else found
        method = job.target.experiment.method
        group = job.target.experiment._replace(method=method if loop else first_loop_of(method))
        places[job.output] = group, (loop, STEPS.index(job.step))
        stages[group].setdefault((loop, STEPS.index(job.step)), set()).add(job.output)
    needs = {}
    for output, (group, stage) in places.items():
        start = stages[group._replace(method=first_loop_of(group.method))]
        own = {each: outputs for each, outputs in stages[group].items() if each < stage}
        before = own or {each: outputs for each, outputs in start.items() if each < stage}
        needs[output] = set(before[max(before)]) if before else set()
    return needs


def _after(needs: dict[Path, set[Path]]) -> dict[Path, list[Path]]:
    after: dict[Path, list[Path]] = defaultdict(list)
    for output, before in needs.items():
        for each in before:
            after[each].append(output)
    return after


class Folder:
    """A track's folder, its jobs, and what they tell."""

    def __init__(self, root: Path, track: Track, jobs: list[Job]) -> None:
        self.root, self.track, self.jobs = root, track, jobs
        write_model(root / layout.track_file(), track)
        for method in track.methods:
            file = root / layout.spec_file(method)
            file.parent.mkdir(exist_ok=True)
            file.write_text("{}")
        self.leases: list[Lease] = []

    def job(self, output: str) -> Job:
        return next(job for job in self.jobs if str(job.output) == output)

    def tell(self, kind: str, output: str, writer: str = "run", **more: object) -> None:
        more = {"time": time.time(), **more}
        step = self.job(output).step.name
        append(self.root, writer, Event(kind=kind, job=output, step=step, **more))

    def hold(self, file: Path) -> None:
        lease = Lease.take(self.root / file)
        assert lease is not None
        self.leases.append(lease)

    def touch(self, output: str) -> None:
        (self.root / output).parent.mkdir(parents=True, exist_ok=True)
        (self.root / output).touch()

    def fail(self, output: str, reason: str) -> None:
        file = layout.failure_file(self.root / output)
        write_model(file, Failure(step=self.job(output).step.name, loop=1, reason=reason))

    def view(self) -> Overview:
        return overview(read_state(self.root))


@pytest.fixture
def make_track() -> Callable[..., Track]:
    return track


@pytest.fixture
def make_jobs() -> Callable[[Track], list[Job]]:
    return jobs_of


@pytest.fixture
def make_run() -> Callable[..., Run]:
    return Run


@pytest.fixture
def make_folder() -> Callable[..., Folder]:
    return Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = track(methods=("bald", "random"), seeds=2)
    root = tmp_path / "runs" / "toy"
    root.mkdir(parents=True)
    return Folder(root, made, jobs_of(made))

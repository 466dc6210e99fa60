"""What a study costs: trainings, GPU-hours, wall time, disk and memory; pure but for its inputs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from benchmark.forecast.durations import Duration, Durations, Source
from benchmark.forecast.graph import Entered, Exists, Graph, nothing, study
from benchmark.forecast.needs import (
    LOG_BYTES,
    NONE,
    Needs,
    Overrides,
    checkpoint_bytes,
    disk_gib,
    overridden,
    shard_needs,
    step_needs,
)
from benchmark.forecast.network.counts import GIB, member_bytes
from benchmark.forecast.records import likeness
from benchmark.forecast.schedule import Task, simulate
from benchmark.steps import STEPS, TRAIN_FOLD, Per, Resources, Step
from benchmark.tracks import Track
from nnactive.settings import Setting

RUN_SECONDS: Final = 5.0
"""Of a run beside its jobs: checks, Snakemake's graph, the page."""
MADE_SECONDS: Final = 4.0
"""To generate a dataset and prepare it."""


@dataclass(frozen=True)
class StepCost:
    """All jobs of a step."""

    step: Step
    jobs: int
    seconds: float
    """Of all together."""
    needs: Needs
    """Of the most demanding one."""


@dataclass(frozen=True)
class Cost:
    """What a study costs."""

    experiments: int
    finished: int
    """Experiments that need nothing more; all below is for the others."""
    jobs: int
    trainings: int
    gpu_hours: float
    """Of jobs that use a GPU; hours of their cores, where there is none."""
    core_hours: float
    """Of the other jobs' cores."""
    wall_seconds: float
    disk_gib: float
    """What stays, if networks are removed once nothing needs them."""
    peak_disk_gib: float
    """The most at a time."""
    kept_disk_gib: float
    """What stays with all networks; it is the peak then, but for the running trainings."""
    steps: tuple[StepCost, ...]
    sources: Mapping[Source, float]
    """Share of the time by where its figures come from."""


@dataclass(frozen=True)
class Disk:
    """Bytes that a job leaves."""

    lasting: float
    held: float
    """Until nothing needs them any more."""
    running: float
    """While it runs."""


class Forecast:
    """Costs of studies on one machine."""

    def __init__(
        self,
        track: Track,
        durations: Durations,
        resources: Resources,
        *,
        generated: Sequence[str] = (),
        overrides: Overrides = NONE,
    ) -> None:
        """Remember what all studies share.

        Args:
            track: settings and seeds.
            durations: of jobs.
            resources: of the machine.
            generated: datasets that are still to be generated.
            overrides: needs that a profile sets.
        """
        self.track, self.durations, self.resources = track, durations, resources
        self.per_gpu = durations.side_by_side
        self.slots = len(resources.gpus) * self.per_gpu
        self.generated, self.overrides = generated, overrides
        self._durations: dict[tuple[str, str, str], Duration] = {}
        self._needs: dict[tuple[str, str, str], Needs] = {}
        self._disk: dict[tuple[str, str], Disk] = {}

    def cost(
        self, entered: Iterable[Entered], exists: Exists = nothing, *, stored_starts: bool = False
    ) -> Cost:
        """What some methods cost on the track.

        Args:
            entered: the methods.
            exists: which outputs are there.
            stored_starts: leave out loop 0, as if another method had run before.
        """
        graph = study(self.track, entered, exists, stored_starts=stored_starts)
        return _Summed(self, graph).cost

    def part(
        self,
        setting: Setting,
        entered: Iterable[Entered],
        loops: range | None = None,
        overrides: Mapping[str, float] | None = None,
    ) -> Needs:
        """What a job needs that runs a part of the track on a machine like this one: a shard.

        Args:
            setting: the part's; of one seed.
            entered: its methods; one, but for a whole component.
            loops: its loops; None: all. With the last one, results are made.
            overrides: fields that a profile sets.
        """
        one = self.track.model_copy(update={"settings": (setting,), "seeds": self.track.seeds[:1]})
        wanted = range(setting.loops) if loops is None else loops
        last = setting.loops - 1 in wanted
        whole = study(one, entered).nodes
        kept = [
            number
            for number, node in enumerate(whole)
            if (last if node.job.step.per is Per.EXPERIMENT else node.job.target.loop in wanted)
        ]
        place = {number: new for new, number in enumerate(kept)}
        nodes = tuple(
            replace(whole[n], after=tuple(place[each] for each in whole[n].after if each in place))
            for n in kept
        )
        cost = _Summed(self, Graph(nodes, 0, 1)).cost
        needs = [self.needs(n.job.step, n.job.target.setting, n.entered) for n in nodes]
        found = shard_needs(needs, cost.wall_seconds)
        held = replace(
            found,
            cores=max(found.cores, self.resources.cores),
            disk_gib=cost.peak_disk_gib,
        )
        return overridden(held, overrides or {}, "shard")

    def duration(self, step: Step, setting: Setting, entered: Entered) -> Duration:
        """Duration of a step's jobs."""
        key = (step.name, setting.name, entered.id)
        if key not in self._durations:
            self._durations[key] = self.durations.of(step, setting, entered)
        return self._durations[key]

    def disk(self, step: Step, setting: Setting) -> Disk:
        """What a step's job leaves on the disk."""
        key = (step.name, setting.name)
        if key not in self._disk:
            facts = self.durations.facts[setting.dataset]
            if step is TRAIN_FOLD:
                held = float(member_bytes(facts.network(setting)))
                self._disk[key] = Disk(LOG_BYTES, held, checkpoint_bytes(setting, facts))
            else:
                self._disk[key] = Disk(disk_gib(step, setting, facts) * GIB, 0.0, 0.0)
        return self._disk[key]

    def needs(self, step: Step, setting: Setting, entered: Entered) -> Needs:
        """What a job of a step needs."""
        key = (step.name, setting.name, entered.id)
        if key not in self._needs:
            memory, on_gpu = self._memory(step, setting, entered)
            self._needs[key] = step_needs(
                step,
                setting,
                self.durations.facts[setting.dataset],
                resources=self.resources,
                seconds=self.duration(step, setting, entered).seconds,
                recorded_gib=memory,
                recorded_gpu_gib=on_gpu,
                overrides=self.overrides,
            )
        return self._needs[key]

    def _memory(self, step: Step, setting: Setting, entered: Entered) -> tuple[float, float]:
        """Memory of a process and of the GPU that was measured, in GiB; 0: none was."""
        sample = self.durations.records.get(likeness(step, setting, entered.id))
        if sample:
            return sample.memory_gib, sample.device_memory_gib
        network = self.durations.facts[setting.dataset].network(setting)
        found = self.durations.calibrations.get(network.key) if step is TRAIN_FOLD else None
        return (found.memory_gib, found.device_memory_gib or 0.0) if found else (0.0, 0.0)


class _Summed:
    """The cost of one graph."""

    def __init__(self, forecast: Forecast, graph: Graph) -> None:
        self.forecast, self.graph = forecast, graph

    @cached_property
    def durations(self) -> list[Duration]:
        """By node."""
        return [
            self.forecast.duration(n.job.step, n.job.target.setting, n.entered)
            for n in self.graph.nodes
        ]

    @cached_property
    def cost(self) -> Cost:
        forecast, nodes = self.forecast, self.graph.nodes
        tasks = [
            Task(
                seconds=duration.seconds,
                cores=node.job.step.threads(forecast.resources),
                gpu=self._places(node.job.step),
                after=node.after,
                held=disk.held,
            )
            for node, duration, disk in zip(nodes, self.durations, self.disk, strict=True)
        ]
        ran = simulate(tasks, forecast.resources.cores, forecast.slots)
        members = sum(disk.held for disk in self.disk)
        lasting = sum(disk.lasting for disk in self.disk)
        running = self._checkpoints()
        made = (
            sum(forecast.durations.facts[name].disk_gib for name in forecast.generated)
            if nodes
            else 0.0
        )
        final = lasting / GIB + made
        more = len(forecast.generated) * MADE_SECONDS + RUN_SECONDS if nodes else 0.0
        return Cost(
            experiments=self.graph.experiments,
            finished=self.graph.finished,
            jobs=len(nodes),
            trainings=sum(node.job.step is TRAIN_FOLD for node in nodes),
            gpu_hours=self._hours(tasks_of(tasks, gpu=True)),
            core_hours=self._hours(tasks_of(tasks, gpu=False)),
            wall_seconds=ran.seconds + more,
            disk_gib=final,
            peak_disk_gib=final + (ran.peak_held + running) / GIB,
            kept_disk_gib=final + members / GIB,
            steps=tuple(self._steps()),
            sources=self._sources(),
        )

    def _places(self, step: Step) -> int:
        """Slots of a GPU that a step's jobs occupy: only trainings share one."""
        return int(step.gpu) * (1 if step is TRAIN_FOLD else self.forecast.per_gpu)

    def _hours(self, tasks: Iterable[Task]) -> float:
        """Of GPUs, or of cores where there are none."""
        places = self.forecast.per_gpu if self.forecast.slots else 0
        return (
            sum(
                task.seconds * (task.gpu / places if task.gpu and places else task.cores)
                for task in tasks
            )
            / 3600
        )

    @cached_property
    def disk(self) -> list[Disk]:
        """By node."""
        return [self.forecast.disk(n.job.step, n.job.target.setting) for n in self.graph.nodes]

    def _checkpoints(self) -> float:
        """Bytes of the trainings that run at a time."""
        resources = self.forecast.resources
        at_once = self.forecast.slots or max(1, resources.cores // resources.train_threads)
        return max((disk.running for disk in self.disk), default=0.0) * at_once

    def _steps(self) -> Iterable[StepCost]:
        for step in STEPS:
            mine = [
                (node, duration)
                for node, duration in zip(self.graph.nodes, self.durations, strict=True)
                if node.job.step is step
            ]
            if not mine:
                continue
            kinds = {(n.job.target.setting.name, n.entered.id): n for n, _ in mine}.values()
            needs = [self.forecast.needs(step, n.job.target.setting, n.entered) for n in kinds]
            yield StepCost(step, len(mine), sum(d.seconds for _, d in mine), most(needs))

    def _sources(self) -> dict[Source, float]:
        total: Counter[Source] = Counter()
        for duration in self.durations:
            total[duration.source] += duration.seconds  # type: ignore[assignment]
        every = sum(total.values())
        return {source: total[source] / every for source in Source if total[source]}


def tasks_of(tasks: Iterable[Task], *, gpu: bool) -> list[Task]:
    """The tasks that use a GPU where there is one, or those that never do."""
    return [task for task in tasks if bool(task.gpu) is gpu]


def most(needs: Sequence[Needs]) -> Needs:
    """The highest of each need."""
    top = needs[0]
    for each in needs[1:]:
        top = replace(
            top,
            cores=max(top.cores, each.cores),
            memory_gib=max(top.memory_gib, each.memory_gib),
            gpu_memory_gib=max(top.gpu_memory_gib, each.gpu_memory_gib),
            minutes=max(top.minutes, each.minutes),
            disk_gib=max(top.disk_gib, each.disk_gib),
        )
    return top

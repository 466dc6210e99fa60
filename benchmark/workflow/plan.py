"""The plan of a run: what to make, and the jobs that takes."""

import operator
import os
import shlex
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from benchmark.execution.warm import CLIENT
from benchmark.jobs import Job, loop_jobs
from benchmark.layout import Experiment
from benchmark.steps import STEPS, Per, Resources, Step, Target
from nnactive.data.prepared import INFO
from nnactive.io.models import StateFile
from nnactive.io.queries import START
from nnactive.settings import Setting

JOB_COMMAND = f"{shlex.quote(sys.executable)} -I -S {shlex.quote(str(CLIENT))}"
STEP_COMMAND = f"{shlex.quote(sys.executable)} -P -m benchmark.cli step"
"""``-P``: a step must not import modules from the current folder."""


def local_writer() -> str:
    """Name of a run that this process started: in its journal, plan and log."""
    return f"run-{socket.gethostname()}-{os.getpid()}"


@dataclass(frozen=True)
class Part:
    """What a run makes if that isn't all of its request."""

    first_loops: tuple[Experiment, ...] = ()
    """Start loops to make, up to their evaluation."""
    experiments: tuple[Experiment, ...] = ()
    last_loop: int | None = None
    """Stop the experiments after this loop's evaluation; None, or their last loop: the result."""
    loops: tuple[int, ...] | None = None
    """Evaluate these loops alone, whose patches are all there; None: as ``last_loop`` says."""
    step: str = ""
    """Make the outputs of this step in ``loops``, and what they take, and evaluate nothing; empty:
    evaluate."""
    writer: str = ""
    """Name in the track's journal; empty: one of this process."""


@dataclass(frozen=True)
class Goal:
    """An experiment, or its first loops, and what exists once it is made."""

    experiment: Experiment
    jobs: tuple[Job, ...]
    """All that it takes, in order, including jobs that others share."""
    ends: tuple[Job, ...]
    """Of these, the ones whose outputs are asked for."""

    def reached(self, root: Path) -> bool:
        """Whether all of it is there."""
        return all((root / job.output).exists() for job in self.ends)


class Plan(StateFile):
    """What one run of the workflow makes."""

    datasets: dict[str, str]
    """Folder of each dataset by its name, absolute."""
    settings: tuple[Setting, ...]
    experiments: tuple[Experiment, ...]
    first_loops: tuple[Experiment, ...] = ()
    """Start loops that are asked for by themselves."""
    last_loop: int | None = None
    """The experiments end after this loop's evaluation; None: with their results."""
    loops: tuple[int, ...] | None = None
    """Only these loops are evaluated; None: all of them."""
    step: Annotated[str, Field(exclude_if=operator.not_)] = ""
    """Only this step's outputs in ``loops`` are made; empty, and not in the file: evaluations."""
    writer: str = "run"
    """Name of the run or shard in the track's journal."""
    looking_back: tuple[str, ...] = ()
    """Ids of the methods whose queries need the ensembles of all earlier loops."""
    networkless: tuple[str, ...] = ()
    """Ids of the methods whose queries need no ensemble: they don't wait for trainings."""
    generated: tuple[str, ...]
    """Datasets that are still to be generated."""
    cores: int
    train_threads: int
    """Threads of one training."""
    gpus: tuple[str, ...]
    slots: int = 1
    """Jobs that may share a GPU."""
    job_command: str = JOB_COMMAND
    step_command: str = STEP_COMMAND
    command: str = ""
    """The run's command line, for results."""

    @property
    def resources(self) -> Resources:
        """What the jobs share."""
        return Resources(self.cores, self.train_threads, self.gpus)

    def data(self, dataset: str) -> Path:
        """Folder of a prepared dataset."""
        return Path(self.datasets[dataset])

    def prepared(self, dataset: str) -> Path:
        """The file that marks a dataset as prepared."""
        return self.data(dataset) / INFO

    def setting(self, name: str) -> Setting:
        """The setting called ``name``."""
        return next(setting for setting in self.settings if setting.name == name)

    def dataset_job(self, step: Step, dataset: str) -> Job:
        """Job of a step that makes a dataset."""
        setting = next(setting for setting in self.settings if setting.dataset == dataset)
        return Job(step, Target(self.data(dataset), setting, Experiment(setting.name, START, 0)))

    def dataset_jobs(self, dataset: str) -> list[Job]:
        """Jobs that make a dataset; none if it is there."""
        made = [step for step in STEPS if step.per is Per.DATASET and dataset in self.generated]
        return [self.dataset_job(step, dataset) for step in made]

    def goals(self) -> Iterator[Goal]:
        """What to make, in order."""
        for experiment in self.first_loops:
            yield self._goal(experiment, 0)
        for experiment in self.experiments:
            yield self._goal(experiment, self.last_loop)

    def target(self, experiment: Experiment) -> Target:
        """An experiment's loop 0, with what its later jobs depend on."""
        setting = self.setting(experiment.setting)
        return Target(
            data=self.data(setting.dataset),
            setting=setting,
            experiment=experiment,
            looks_back=experiment.method in self.looking_back,
            needs_network=experiment.method not in self.networkless,
        )

    def unreached(self, root: Path) -> Self:
        """The plan without the experiments and loops that are complete."""
        left = [goal.experiment for goal in self.goals() if not goal.reached(root)]
        first = tuple(each for each in self.first_loops if each in left)
        others = tuple(each for each in self.experiments if each in left)
        return self.model_copy(update={"first_loops": first, "experiments": others})

    def _goal(self, experiment: Experiment, last_loop: int | None) -> Goal:
        target = self.target(experiment)
        setting = target.setting
        if self.step:
            return self._goal_of_step(target)
        last = setting.loops - 1 if last_loop is None else min(last_loop, setting.loops - 1)
        made = self.dataset_jobs(setting.dataset)
        for loop in range(last + 1):
            made.extend(loop_jobs(replace(target, loop=loop)))
        results = [Job(step, target) for step in STEPS if step.per is Per.EXPERIMENT]
        ends = tuple(job for job in made if job.step.per is Per.LOOP)
        if self.loops is not None:
            ends = tuple(job for job in ends if job.target.loop in self.loops)
        elif last == setting.loops - 1 and experiment not in self.first_loops:
            return Goal(experiment, (*made, *results), tuple(results))
        return Goal(experiment, tuple(made), ends)

    def _goal_of_step(self, target: Target) -> Goal:
        """The outputs of one step, and of the jobs only those that they take."""
        loops = self.loops or ()
        jobs = [
            job
            for loop in range(max(loops, default=-1) + 1)
            for job in loop_jobs(replace(target, loop=loop))
        ]
        ends = tuple(job for job in jobs if job.step.name == self.step and job.target.loop in loops)
        taken = {job.output for job in ends}
        for job in reversed(jobs):
            if job.output in taken:
                taken.update(job.inputs)
        return Goal(target.experiment, tuple(job for job in jobs if job.output in taken), ends)


def threads_per_training(settings: Sequence[Setting], cores: int, gpus: int) -> int:
    """Threads of one training, chosen so that an ensemble's trainings fill the machine.

    Seeded trainings on a CPU compute in one thread each, so that the figures depend on no number.
    """
    if not gpus and all(setting.training.seeded for setting in settings):
        return 1
    folds = max(setting.training.folds for setting in settings)
    return max(1, cores // (gpus or folds))


def jobs(plan: Plan) -> list[Job]:
    """All jobs of a plan; one that experiments share is listed once."""
    listed = [job for dataset in plan.generated for job in plan.dataset_jobs(dataset)]
    for goal in plan.goals():
        listed.extend(goal.jobs)
    return list({job.output: job for job in listed}.values())

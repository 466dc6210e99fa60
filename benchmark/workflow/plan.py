"""The plan of a run: what to make, and the jobs that takes."""

import shlex
import sys
from pathlib import Path

from benchmark import layout
from benchmark.jobs import Job, experiment_jobs
from benchmark.layout import Experiment
from benchmark.steps import STEPS, Per, Resources, Step, Target
from nnactive.data.prepared import INFO
from nnactive.io.files import read_model
from nnactive.io.models import StateFile
from nnactive.io.queries import START
from nnactive.settings import Setting

JOB_COMMAND = f"{shlex.quote(sys.executable)} -P -m benchmark.execution.job"
STEP_COMMAND = f"{shlex.quote(sys.executable)} -P -m benchmark.cli step"
"""``-P``: a step must not import modules from the current folder."""


class Plan(StateFile):
    """What one run of the workflow makes."""

    datasets: dict[str, str]
    """Folder of each dataset by its name, absolute."""
    settings: tuple[Setting, ...]
    experiments: tuple[Experiment, ...]
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
    job_command: str = JOB_COMMAND
    step_command: str = STEP_COMMAND

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

    def jobs_of(self, experiment: Experiment) -> list[Job]:
        """All jobs that an experiment needs, in order, including those that others share."""
        setting = self.setting(experiment.setting)
        data = self.data(setting.dataset)
        return [
            *self.dataset_jobs(setting.dataset),
            *experiment_jobs(data, setting, experiment),
        ]


def read_plan(root: Path = Path()) -> Plan:
    """The plan in the track's folder."""
    return read_model(root / layout.plan_file(), Plan)


def threads_per_training(cores: int, folds: int, gpus: int) -> int:
    """Threads of one training, chosen so that an ensemble's trainings fill the machine."""
    return max(1, cores // (gpus or folds))


def jobs(plan: Plan) -> list[Job]:
    """All jobs of a plan; one that experiments share is listed once."""
    listed = [job for dataset in plan.generated for job in plan.dataset_jobs(dataset)]
    for experiment in plan.experiments:
        listed.extend(plan.jobs_of(experiment))
    return list({job.output: job for job in listed}.values())

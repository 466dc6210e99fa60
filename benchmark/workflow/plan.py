"""What the workflow is asked to make, and the jobs that this takes."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmark import layout
from benchmark.collect import step_outputs
from benchmark.layout import Experiment
from nnactive.data.prepared import INFO
from nnactive.io.queries import START
from nnactive.settings import Frozen, Setting

PLAN_FILE = Path("plan.json")

JOB_COMMAND = f"'{sys.executable}' -P -m benchmark.workflow.job"
STEP_COMMAND = f"'{sys.executable}' -P -m benchmark.cli step"
"""``-P``: a step must not import what happens to lie in the current folder."""


class Plan(Frozen):
    """What the Snakefile reads: its whole configuration."""

    datasets: dict[str, str]
    """Folder of each dataset by its name, absolute."""
    settings: tuple[Setting, ...]
    experiments: tuple[Experiment, ...]
    generated: tuple[str, ...]
    """Datasets that are still to be generated."""
    cores: int
    train_threads: int
    """Threads of one training."""
    gpus: tuple[str, ...]
    job_command: str = JOB_COMMAND
    step_command: str = STEP_COMMAND

    def prepared(self, dataset: str) -> Path:
        """The file that a dataset has once it is prepared."""
        return Path(self.datasets[dataset]) / INFO

    def setting(self, name: str) -> Setting:
        """The setting called ``name``."""
        return next(setting for setting in self.settings if setting.name == name)


class Job(NamedTuple):
    """One step of the workflow."""

    kind: str
    """Jobs of one kind take about the same time."""
    who: str
    """Experiment or dataset, for people."""
    what: str
    """What it does, for people."""
    output: Path
    """Exists when the job is done; relative to the track's folder."""
    log: Path

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"


KINDS = {
    "start": "starting budget",
    "query": "query",
    "annotate": "annotate",
    "train": "train",
    "evaluate": "evaluate",
}


def threads_per_training(cores: int, folds: int, gpus: int) -> int:
    """Threads of one training, so that an ensemble's trainings fill the machine."""
    return max(1, cores // (gpus or folds))


def jobs(plan: Plan) -> list[Job]:
    """All jobs of a plan, each once, also where experiments share it."""
    listed = [*_preparations(plan)]
    for experiment in plan.experiments:
        listed.extend(_experiment_jobs(plan, experiment))
    return list({job.output: job for job in listed}.values())


def _preparations(plan: Plan) -> Iterator[Job]:
    for name in plan.generated:
        log = Path("log") / f"prepare_{name}.txt"
        yield Job("prepare", name, "prepare", plan.prepared(name), log)


def _experiment_jobs(plan: Plan, experiment: Experiment) -> Iterator[Job]:
    setting = plan.setting(experiment.setting)
    for loop in range(setting.loops):
        who = experiment if loop else experiment._replace(method=START)
        for step, output in step_outputs(setting, experiment, loop).items():
            kind, _, fold = step.partition("_fold_")
            name = f"{KINDS[kind]} fold {fold}" if fold else KINDS[kind]
            yield Job(kind, str(who), f"loop {loop}, {name}", output, layout.log_file(output))
    output = layout.result_file(experiment)
    yield Job("result", str(experiment), "result", output, layout.log_file(output))

"""Jobs: one step of the table for one target, as people, files and the shell name it."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.steps import STEPS, Per, Step, Target
from nnactive.settings import Setting


@dataclass(frozen=True)
class Job:
    """One step for one target."""

    step: Step
    target: Target

    def __str__(self) -> str:
        return f"{self.who}: {self.title}"

    @property
    def key(self) -> str:
        """Name in costs and failures."""
        return self.step.key(self.target.fold)

    @property
    def output(self) -> Path:
        """Exists when the job is done; relative to the track's folder."""
        return self.step.output(self.target)

    @property
    def inputs(self) -> list[Path]:
        """Files that it reads; those of an experiment are relative to the track's folder."""
        found = (read(self.target) for read in self.step.inputs.values())
        return [path for each in found for path in (each if isinstance(each, list) else [each])]

    @property
    def log(self) -> Path:
        """Log of the job, relative to the track's folder."""
        if self.step.per is Per.DATASET:
            return layout.log_file(Path(f"{self.step.name}_{self.target.data.name}"))
        return layout.log_file(self.output)

    @property
    def who(self) -> str:
        """Experiment or dataset, for people."""
        if self.step.per is Per.DATASET:
            return self.target.data.name
        shared = self.step.per is not Per.EXPERIMENT and not self.target.loop
        experiment = self.target.experiment
        first = layout.first_loop_of(experiment.method)
        return str(experiment._replace(method=first) if shared else experiment)

    @property
    def title(self) -> str:
        """What it does, for people."""
        if self.step.per in {Per.DATASET, Per.EXPERIMENT}:
            return self.step.title
        fold = f" fold {self.target.fold}" if self.step.per is Per.FOLD else ""
        return f"loop {self.target.loop}, {self.step.title}{fold}"

    def arguments(self, threads: int) -> str:
        """The command and its arguments, quoted for the shell."""
        target = self.target
        values = {name: read(target) for name, read in self.step.inputs.items()} | {
            "data": target.data,
            "dataset": target.data.name,
            "datasets": target.data.parent,
            "setting_name": target.setting.name,
            "method_id": target.experiment.method,
            "seed": target.experiment.seed,
            "loop": f"{target.loop:03d}",
            "fold": target.fold,
            "pictured": layout.kept_cases_file(),
            "kept": layout.kept_folder(target.experiment, target.loop),
            "threads": threads,
            "output": self.output,
        }
        words = {name: _Words(value) for name, value in values.items()}
        return f"{self.step.command} {self.step.arguments.format_map(words)}"


class _Words:
    """Shell words; their format is an option that goes before each."""

    def __init__(self, value: object) -> None:
        self.words = [str(item) for item in (value if isinstance(value, list) else [value])]

    def __format__(self, option: str) -> str:
        return " ".join(f"{option} {shlex.quote(word)}".lstrip() for word in self.words)


def loop_jobs(target: Target) -> Iterator[Job]:
    """Jobs of the target's loop, in order."""
    for step in STEPS:
        if not step.applies(target.setting):
            continue
        if step.per is Per.FOLD:
            for fold in range(target.setting.training.folds):
                yield Job(step, replace(target, fold=fold))
        elif step.per is Per.LOOP or step.per is (
            Per.LATER_LOOP if target.loop else Per.FIRST_LOOP
        ):
            yield Job(step, target)


def experiment_jobs(data: Path, setting: Setting, experiment: Experiment) -> Iterator[Job]:
    """Jobs of an experiment, those shared with others included, in order.

    Args:
        data: folder of the prepared dataset.
        setting: the experiment's.
        experiment: setting, method and seed.
    """
    target = Target(data, setting, experiment)
    for loop in range(setting.loops):
        yield from loop_jobs(replace(target, loop=loop))
    yield from (Job(step, target) for step in STEPS if step.per is Per.EXPERIMENT)

"""Snakemake's rules, made from the table of steps and a plan."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark import layout
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.steps import STEPS, Input, Per, Step, Target, pattern
from benchmark.workflow.plan import Plan
from nnactive.io.queries import START

Wildcards = Any
"""Snakemake's: the values of a rule's placeholders, as attributes."""
InputFunction = Callable[[Wildcards], Path | list[Path]]


@dataclass(frozen=True)
class Rule:
    """One rule: a step of the table; for a step that makes a dataset, of one dataset."""

    plan: Plan
    linked: Plan
    """The plan with links in place of the datasets' folders: all paths that Snakemake sees are
    below the track's folder, since it takes braces and other characters for its own."""
    step: Step
    dataset: str | None = None

    @property
    def name(self) -> str:
        """Unique among the rules."""
        return f"{self.step.name}_{self.dataset}" if self.dataset else self.step.name

    @property
    def inputs(self) -> dict[str, InputFunction]:
        """Input functions by name."""
        return {name: self._input(read) for name, read in self.step.inputs.items()}

    @property
    def output(self) -> str:
        """The output, with placeholders."""
        return str(self.job(self.linked).output if self.dataset else pattern(self.step))

    @property
    def log(self) -> str:
        """The log, with the output's placeholders."""
        return str(
            self.job(self.linked).log if self.dataset else layout.log_file(pattern(self.step))
        )

    @property
    def threads(self) -> int:
        """Cores that a job occupies."""
        return self.step.threads(self.plan.resources)

    @property
    def gpu(self) -> int:
        """GPUs that a job occupies."""
        return int(self.step.gpu and bool(self.plan.gpus))

    def command(self, wildcards: Wildcards, threads: int) -> str:
        """Command line of a job; Snakemake passes the arguments by these names."""
        plan, job = self.plan, self.job(self.plan, wildcards)
        gpus = ["--gpus", ",".join(plan.gpus)] if self.gpu else []
        options = shlex.join([*gpus, "--log", str(job.log)])
        numeric = self.step.numeric_threads.format(threads=threads)
        words = (plan.job_command, options, numeric, "--", plan.step_command)
        return " ".join(word for word in (*words, job.arguments(threads)) if word)

    def job(self, plan: Plan, wildcards: Wildcards = None) -> Job:
        """The job of a dataset, or the one that the wildcards stand for, with a plan's paths."""
        if self.dataset:
            return plan.dataset_job(self.step, self.dataset)
        setting = plan.setting(wildcards.setting)
        method = wildcards.get("method", START)
        target = Target(
            data=plan.data(setting.dataset),
            setting=setting,
            experiment=Experiment(setting.name, method, int(wildcards.seed)),
            loop=int(wildcards.get("loop", 0)),
            fold=int(wildcards.get("fold", 0)),
            looks_back=method in plan.looking_back,
            needs_network=method not in plan.networkless,
        )
        return Job(self.step, target)

    def _input(self, read: Input) -> InputFunction:
        return lambda wildcards: read(self.job(self.linked, wildcards).target)


def rules(plan: Plan) -> Iterator[Rule]:
    """All rules of a plan, in the table's order."""
    links = {dataset: str(layout.data_link(dataset)) for dataset in plan.datasets}
    linked = plan.model_copy(update={"datasets": links})
    for step in STEPS:
        if step.per is Per.DATASET:
            yield from (Rule(plan, linked, step, dataset) for dataset in plan.generated)
        else:
            yield Rule(plan, linked, step)

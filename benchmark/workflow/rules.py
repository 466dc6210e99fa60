"""Snakemake's rules, made from the table of steps, a plan and what is left of it.

Snakemake knows the jobs by names of its own, which it keeps as empty files in a private folder: it
never sees a file of the track, so that it can neither remove one nor compare its time, and a path
may contain whatever a file system allows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.execution.order import Order
from benchmark.jobs import Job
from benchmark.steps import STEPS, Per, Step
from benchmark.workflow.graph import Graph
from benchmark.workflow.plan import Plan

RETRIES = 2
"""A job that fails is tried again as often, unless its failure is final."""


@dataclass(frozen=True)
class Rule:
    """One rule: a step of the table."""

    plan: Plan
    step: Step

    @property
    def threads(self) -> int:
        """Cores that a job occupies."""
        return max(1, min(self.step.threads(self.plan.resources), self.plan.cores))

    @property
    def gpu(self) -> int:
        """GPUs that a job occupies."""
        return int(self.step.gpu and bool(self.plan.gpus))

    @property
    def priority(self) -> int:
        """Short steps go before trainings, which wait for them."""
        return int(self.step.per is not Per.FOLD)

    def command(self, job: Job) -> str:
        """Command line of a job, to run in the track's folder."""
        plan, threads = self.plan, self.threads
        options = Order(
            command=(),
            output=job.output,
            log=job.log,
            step=job.step.name,
            key=job.key,
            loop=job.target.loop,
            threads=int(self.step.numeric_threads.format(threads=threads)),
            gpus=plan.gpus if self.gpu else (),
            slots=plan.slots,
            writer=plan.writer,
            limits=job.target.setting.limits if job.step.runs_method else None,
        ).options()
        words = (plan.job_command, options, "--", plan.step_command, job.arguments(threads))
        return " ".join(words)


def rules(plan: Plan) -> Iterator[Rule]:
    """All rules of a plan, in the table's order."""
    return (Rule(plan, step) for step in STEPS)


def described(plan: Plan, graph: Graph) -> Mapping[str, Any]:
    """What the Snakefile reads: rules, and jobs by the names that Snakemake has for them."""
    by_step = {rule.step: rule for rule in rules(plan)}
    return {
        "rules": [
            {
                "name": rule.step.name,
                "threads": rule.threads,
                "gpu": rule.gpu,
                "priority": rule.priority,
                "retries": RETRIES,
            }
            for rule in by_step.values()
        ],
        "jobs": {
            name(needed.job): {
                "after": [name(graph.needed[path].job) for path in needed.after],
                "command": by_step[needed.job.step].command(needed.job),
            }
            for needed in graph.needed.values()
        },
        "ends": [name(graph.needed[path].job) for path in graph.ends],
    }


def name(job: Job) -> str:
    """Snakemake's name of a job: begins with its rule's."""
    of_data = job.step.per is Per.DATASET
    return str(Path(job.step.name, job.target.data.name if of_data else job.output))

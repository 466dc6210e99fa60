"""Why experiments have no complete result after a run."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark import layout
from benchmark.collect import collect, find_failure
from benchmark.execution.log import exit_status, reason
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.results import Failure, save_result
from benchmark.workflow.plan import Plan, jobs
from benchmark.workflow.request import Request
from nnactive.errors import NnactiveError, UserError


@dataclass(frozen=True)
class Problem:
    """An experiment that has no complete result."""

    experiment: Experiment
    text: str
    exit_code: int


def find_problems(request: Request, plan: Plan, ended: int) -> Iterator[Problem]:
    """One problem for each experiment without a result, in the plan's order.

    Where a step reported a failure, the experiment's result is written, with status "failed".

    Args:
        request: what was run.
        plan: what was left to make.
        ended: Snakemake's exit status.
    """
    root = request.root
    failed = {
        job.output: job
        for job in jobs(plan)
        if not (root / job.output).exists() and (root / job.log).exists()
    }
    for experiment in plan.experiments:
        if (root / layout.result_file(experiment)).exists():
            continue
        needed = plan.jobs_of(experiment)
        failure = find_failure(root, needed)
        if failure is not None:
            folder = request.dataset(plan.setting(experiment.setting).dataset)
            result = collect(root, request.track, experiment, folder)
            save_result(root / layout.result_file(experiment), result)
        blocking = (failed[job.output] for job in needed if job.output in failed)
        yield _problem(root, experiment, failure, next(blocking, None), ended)


def _problem(
    root: Path, experiment: Experiment, failure: Failure | None, job: Job | None, ended: int
) -> Problem:
    status = exit_status(root / job.log) if job else None
    code = UserError.exit_code if status == UserError.exit_code else NnactiveError.exit_code
    if failure is not None:
        text = f"loop {failure.loop}, {failure.step}: {failure.reason}"
        return Problem(experiment, text, code)
    if job is not None:
        cause = reason(root / job.log)
        if os.strerror(errno.ENOSPC) in cause:
            code = UserError.exit_code
        text = f"{job.title}: {cause}; see {root / job.log}, and run the same command to continue"
        return Problem(experiment, text, code)
    log = root / layout.snakemake_log()
    text = f"not finished, the workflow ended with exit status {ended}; see {log}"
    return Problem(experiment, text, code)

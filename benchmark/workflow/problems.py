"""Why experiments have no complete result after a run."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark import layout
from benchmark.collect import collect, find_failure
from benchmark.execution.log import TAIL_BYTES, exit_status, reason
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.results import Failure, save_result
from benchmark.workflow.plan import Plan, jobs
from benchmark.workflow.request import Request
from nnactive.errors import NnactiveError, UserError

FULL_BELOW = 2**18
"""Bytes free on a disk on which a job may have found no room for its log's last line."""


@dataclass(frozen=True)
class Problem:
    """An experiment that has no complete result."""

    experiment: Experiment
    text: str
    exit_code: int
    recorded: bool = False
    """Whether its result says that it failed, so that the board shows it."""


def find_problems(request: Request, plan: Plan, ended: int) -> Iterator[Problem]:
    """One problem for each experiment without a result, in the plan's order.

    Where a step reported a failure, the experiment's result is written, with status "failed", but
    for a plan of one step's outputs.

    Args:
        request: what was run.
        plan: what was left to make.
        ended: Snakemake's exit status.
    """
    root = request.root
    failed = {job.output: job for job in jobs(plan) if _has_failed(root, job)}
    log = root / layout.snakemake_log(plan.writer)
    for goal in plan.goals():
        if goal.reached(root):
            continue
        experiment, needed = goal.experiment, goal.jobs
        failure = find_failure(root, needed)
        recorded = failure is not None and experiment not in plan.first_loops and not plan.step
        if recorded:
            folder = request.dataset(plan.setting(experiment.setting).dataset)
            result = collect(root, request.track, experiment, folder)
            save_result(root / layout.result_file(experiment), result)
        blocking = (failed[job.output] for job in needed if job.output in failed)
        found = _problem(root, experiment, failure, next(blocking, None), log, ended)
        yield replace(found, recorded=recorded)


def _has_failed(root: Path, job: Job) -> bool:
    """Whether the last attempt failed; an output may have been dropped after a good one."""
    if (root / job.output).exists() or not (root / job.log).exists():
        return False
    return exit_status(root / job.log) != 0


def _problem(
    root: Path,
    experiment: Experiment,
    failure: Failure | None,
    job: Job | None,
    snakemake_log: Path,
    ended: int,
) -> Problem:
    status = exit_status(root / job.log) if job else None
    code = UserError.exit_code if status == UserError.exit_code else NnactiveError.exit_code
    if failure is not None:
        text = f"loop {failure.loop}, {failure.step}: {failure.reason}"
        return Problem(experiment, text, code)
    if job is not None and not (status is None and _free(root) < FULL_BELOW):
        cause = reason(root / job.log)
        if os.strerror(errno.ENOSPC) in cause:
            code = UserError.exit_code
        text = f"{job.title}: {cause}; see {root / job.log}, and run the same command to continue"
        return Problem(experiment, text, code)
    if job is not None or _is_full(snakemake_log):
        fullest = min((root, Path(tempfile.gettempdir())), key=_free)  # Snakemake writes to both
        text = f"disk full: {fullest}; free some space and run the same command again"
        return Problem(experiment, text, UserError.exit_code)
    text = f"not finished, the workflow ended with exit status {ended}; see {snakemake_log}"
    return Problem(experiment, text, code)


def _free(folder: Path) -> int:
    """Bytes that are free on a folder's disk."""
    return shutil.disk_usage(folder).free


def _is_full(log: Path) -> bool:
    """Whether Snakemake ended since its own disk is full."""
    if not log.exists():
        return False
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return os.strerror(errno.ENOSPC).encode() in file.read()

"""Where the journals of a track are wrong about its files; told, and put right by new events."""

import os
import socket

from benchmark import layout
from benchmark.jobs import Job
from benchmark.journal.events import Event, Kind, append
from benchmark.journal.study.finished import finished
from benchmark.journal.study.overview import State
from benchmark.results import ExperimentResult, Failure
from benchmark.steps import Per
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.leases import living


def rescan(state: State) -> list[str]:
    """Compare the journals of a track with its files, and append what they lack.

    Args:
        state: what the journals say; read it anew afterwards.

    Returns:
        A line for each job that they were wrong about.
    """
    jobs = {str(job.output): job for each in state.asked.jobs.values() for job in each}
    there = finished(state.root, jobs.values())
    writer = f"rescan-{socket.gethostname()}-{os.getpid()}"
    found = []
    for job in jobs.values():
        wrong = _wrong(state, job, there)
        if wrong is not None:
            event, line = wrong
            append(state.root, writer, event)
            found.append(f"{job}: {line}")
    return found


def _wrong(state: State, job: Job, there: set[str]) -> tuple[Event, str] | None:
    """What the journals should say of a job, and what they got wrong."""
    if state.runs(job):
        return None
    is_there, is_done = str(job.output) in there, state.is_done(job)
    holder = None if is_there else living(state.root / layout.lease_file(job.output))
    if holder is not None:
        event = _event("began", job, host=holder.host, pid=holder.pid, scheduled=holder.job)
        return event, f"runs on {holder.host}"
    failure = None if is_done else _failure(state, job, is_there=is_there)
    if failure is not None:
        event = _event("failed", job, reason=failure.reason)
        return None if _is_known(state, job) else (event, f"failed: {failure.reason}")
    if is_there == is_done:
        return None
    return (_event("ended", job), "done") if is_there else (_event("reset", job), "not there")


def _failure(state: State, job: Job, *, is_there: bool) -> Failure | None:
    """Why a job failed, by its failure file; of an experiment's result, by that."""
    file = layout.failure_file(state.root / job.output)
    try:
        if not is_there:
            return read_model(file, Failure) if file.exists() else None
        if job.step.per is not Per.EXPERIMENT:
            return None
        return read_model(state.root / job.output, ExperimentResult).failure
    except UserError:
        return None


def _is_known(state: State, job: Job) -> bool:
    """Whether a failure is told; a result repeats that of a step."""
    if job.step.per is not Per.EXPERIMENT:
        return state.has_failed(job)
    return any(
        state.has_failed(each) or layout.failure_file(state.root / each.output).exists()
        for each in state.asked.jobs[job.target.experiment]
    )


def _event(kind: Kind, job: Job, **more: str | int | None) -> Event:
    content = {"kind": kind, "job": str(job.output), "step": job.step.name, **more}
    return Event.model_validate(content)

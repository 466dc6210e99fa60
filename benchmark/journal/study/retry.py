"""Forgetting failures, so that the next run tries the failed jobs again."""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass

from benchmark import layout
from benchmark.journal.events import Event, append
from benchmark.journal.study.overview import State
from benchmark.layout import Experiment
from benchmark.results import load_result
from nnactive.errors import UserError


@dataclass(frozen=True)
class Cleared:
    """What was forgotten."""

    jobs: tuple[str, ...]
    """Those that had failed, for people."""
    experiments: tuple[Experiment, ...]
    """Those that can go on."""


def clear(state: State, experiments: list[Experiment]) -> Cleared:
    """Forget the failures of experiments: failed results, failure files, and what journals say.

    Logs stay, until the jobs run again. Networks and other outputs stay.
    """
    writer = f"retry-{socket.gethostname()}-{os.getpid()}"
    jobs: dict[str, str] = {}
    cleared = []
    for experiment in experiments:
        failed = [job for job in state.asked.jobs[experiment] if state.has_failed(job)]
        files = [
            file
            for job in state.asked.jobs[experiment]
            if not state.is_done(job)
            and (file := layout.failure_file(state.root / job.output)).exists()
        ]
        for job in failed:
            if str(job.output) not in jobs:
                jobs[str(job.output)] = str(job)
                event = Event(kind="reset", job=str(job.output), step=job.step.name)
                append(state.root, writer, event)
        for file in files:
            file.unlink(missing_ok=True)
        if _without_result(state, experiment) or failed or files:
            cleared.append(experiment)
    return Cleared(tuple(jobs.values()), tuple(cleared))


def _without_result(state: State, experiment: Experiment) -> bool:
    """Remove an experiment's result if it is a failed one; whether it was."""
    file = state.root / layout.result_file(experiment)
    if state.is_done(state.asked.jobs[experiment][-1]):  # by its own step, so it is complete
        return False
    with suppress(UserError):
        if file.exists() and load_result(file).status == "failed":
            file.unlink()
            return True
    return False

"""Which jobs are done by their files."""

from collections.abc import Iterable
from pathlib import Path

from benchmark import layout
from benchmark.jobs import Job
from benchmark.journal.present import Present
from benchmark.steps import Per


def finished(root: Path, jobs: Iterable[Job]) -> set[str]:
    """Outputs of the jobs that are done.

    A network counts as made once its loop is evaluated: it is dropped when nothing needs it.
    """
    there = Present(root)
    done = set()
    for job in jobs:
        output = str(job.output)
        if there.has(output) or (job.step.per is Per.FOLD and there.has(_evaluation(job))):
            done.add(output)
    return done


def _evaluation(job: Job) -> str:
    return str(layout.evaluation_file(job.target.experiment, job.target.loop))

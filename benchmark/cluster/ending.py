"""End what a track has in a cluster: the process that submits, and its jobs."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.cluster.history import forgive, read_ended, read_history, shard_lease
from benchmark.cluster.outer.jobs import PLAN, OuterPlan
from benchmark.cluster.outer.place import job_name, submit_lease
from benchmark.cluster.request import read_request, request_file
from benchmark.cluster.schedulers import scheduler
from nnactive.io.files import read_model
from nnactive.io.leases import Holder, living

SECONDS_TO_END: Final = 10.0
"""How long the process that submits may take to end."""


def end_all(root: Path) -> list[str]:
    """End a track's submitting process and cancel its jobs; returns a line for each thing done.

    Args:
        root: the track's folder.

    Raises:
        NnactiveError: if the scheduler refuses, or the profile doesn't say how to cancel.
    """
    root = root.resolve()
    plan = root / layout.shard_folder() / PLAN
    if not plan.exists():
        return []
    told = _end_submitter(submit_lease(root))
    queue = scheduler(read_model(plan, OuterPlan).profile)
    jobs = [job.id for job in queue.jobs(job_name(root))] or _at_work(root)
    if jobs:
        queue.cancel(jobs)
        told.append(f"cancelled {len(jobs)} jobs of the cluster; those that ran save first")
    return told


def end_job(root: Path, job: str) -> bool:
    """Cancel one job of a track, by its id; False if the track wasn't submitted from here.

    Raises:
        NnactiveError: if the profile doesn't say how to cancel.
    """
    plan = root / layout.shard_folder() / PLAN
    if not plan.exists():
        return False
    scheduler(read_model(plan, OuterPlan).profile).cancel([job])
    return True


def forgive_failed(root: Path) -> list[str]:
    """Let all shards of a track that failed or gave up be tried again; returns their slugs."""
    if not request_file(root).exists():
        return []
    shards = read_request(root).shards()
    # What failed only because its start did has an end of its own.
    return [slug for slug in shards if read_ended(root, slug) and forgive(root, slug)]


def _end_submitter(file: Path) -> list[str]:
    holder = living(file)
    if holder is None:
        return []
    here = Holder.here()
    if (holder.host, holder.boot) != (here.host, here.boot):
        where = f"on {holder.host}; stop it there first, or it will submit again: kill {holder.pid}"
        return [f"the submitting process is {where}"]
    with suppress(ProcessLookupError):
        os.kill(holder.pid, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_END
    while living(file) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    return [f"stopped the submitting process ({holder.pid})"]


def _at_work(root: Path) -> list[str]:
    """Ids of the jobs at work, by their leases, where the scheduler can't list them."""
    slugs = [slug for slug in read_request(root).shards() if living(shard_lease(root, slug))]
    attempts = [read_history(root, slug).attempts for slug in slugs]
    return [each[-1].job for each in attempts if each and each[-1].job]

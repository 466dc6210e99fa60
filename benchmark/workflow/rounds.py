"""The rounds of a run: mend, find what is left, let Snakemake do it, until that is all."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark import layout
from benchmark.chain.mend import mend
from benchmark.execution.log import exit_status
from benchmark.execution.statuses import DAMAGED
from benchmark.jobs import Job
from benchmark.journal.watch import Progress, Watch, forget
from benchmark.workflow.engine import ended_well, work
from benchmark.workflow.graph import Graph, Listing, graph
from benchmark.workflow.plan import Plan, jobs
from nnactive.io.files import replace_model
from nnactive.io.leases import living

ROUNDS = 5
"""How often to plan again what was damaged, or what a killed Snakemake left."""


@dataclass(frozen=True)
class Told:
    """Whom a run tells what."""

    watcher: Callable[[Progress], None]
    """The progress, twice a second."""
    notes: Callable[[str], None]
    """A line on what was set aside."""
    beat: Callable[[], None]
    """That it is alive."""


def work_off(root: Path, place: Path, plan: Plan, told: Told) -> int:
    """Work until nothing is left, or what is left failed; returns Snakemake's last exit status.

    Args:
        root: the track's folder.
        place: Snakemake's folder.
        plan: what there is to be in the end; what is complete may be damaged by now.
        told: whom to tell what.
    """
    ended = 0
    before: Graph | None = None
    for _ in range(ROUNDS):
        for note in mend(root, jobs(plan)):
            told.notes(note)
        left = graph(root, plan)
        if not left.needed or (before and not _is_worth_it(root, place, before, left, ended)):
            break
        _forget(root, left, first=before is None)
        rest = plan.unreached(root)
        replace_model(root / layout.plan_file(plan.writer), rest)
        shared = replace(plan.resources, gpus=plan.gpus * plan.slots)
        watch = Watch(root, _watched(root, jobs(rest), left), shared, plan.writer)

        def look(watch: Watch = watch) -> None:
            told.beat()
            told.watcher(watch.look())

        ended = work(root, place, rest, left, look)
        told.watcher(watch.last())
        before = left
    return ended


def _is_worth_it(root: Path, place: Path, before: Graph, left: Graph, ended: int) -> bool:
    """Whether another round may make more of what the last one left."""
    if ended < 0:  # Snakemake itself was killed
        return True
    if left.needed.keys() - before.needed.keys():  # were there, and have been set aside
        return True
    if any(output in left.needed for output in ended_well(place, before)):
        return True
    return any(_status(root, needed.job) == DAMAGED for needed in left.needed.values())


def _status(root: Path, job: Job) -> int | None:
    return exit_status(root / job.log) if (root / job.log).exists() else None


def _watched(root: Path, listed: list[Job], left: Graph) -> list[Job]:
    """Jobs whose progress is shown; not those whose outputs were dropped as no longer needed."""
    there = Listing(root)
    return [job for job in listed if job.output in left.needed or there.has(job.output)]


def _forget(root: Path, left: Graph, *, first: bool) -> None:
    """Forget how earlier attempts ended, but for jobs that another run has in hand.

    In a later round, that is what was damaged; other failures of this run stay.
    """
    there = Listing(root)
    old = []
    for output, needed in left.needed.items():
        lease = layout.lease_file(output)
        if there.has(lease) and living(root / lease):
            continue
        if not there.has(needed.job.log) and not there.has(layout.failure_file(output)):
            continue
        if first or _status(root, needed.job) == DAMAGED:
            old.append(needed.job)
    forget(root, old)

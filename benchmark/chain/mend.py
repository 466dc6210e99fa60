"""Set aside what is damaged or hangs on a changed link, so that it is made again."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.chain.aside import set_aside
from benchmark.chain.breaks import Break, find_breaks
from benchmark.jobs import Job
from benchmark.steps import Per

NAMED = 3
"""Experiments that a note names; of more it says how many."""


def mend(root: Path, jobs: Sequence[Job]) -> list[str]:
    """Set aside the outputs of these jobs that must be made again.

    Args:
        root: the track's folder.
        jobs: in an order in which they can run; what is to stay complete, finished experiments
            too, is among them.

    Returns:
        Notes for the user, one for each file that began it.
    """
    found = find_breaks(root, jobs)
    # The last ones first: a kill in between leaves no output whose inputs are gone.
    for each in reversed(found):
        set_aside(root, each.job.output, keep_seal=each.dropped)
    return list(notes(found))


def notes(found: Sequence[Break]) -> Iterator[str]:
    """What is made again and why, a line for each file that began it."""
    causes: dict[tuple[Path, str], list[Break]] = defaultdict(list)
    for each in found:
        causes[each.origin, each.why].append(each)
    for (origin, why), broken in causes.items():
        again = [each.job for each in broken if not each.dropped]
        if not again:
            yield f"{origin} {why}: set aside; nothing needs it anymore"
            continue
        by_who: dict[str, list[Job]] = defaultdict(list)
        for job in again:
            by_who[job.who].append(job)
        parts = [f"{_loops(jobs)} of {who}" for who, jobs in by_who.items()]
        if len(parts) > NAMED:
            parts = [*parts[: NAMED - 1], f"those of {len(parts) - NAMED + 1} other experiments"]
        yield f"{origin} {why}: {'; '.join(parts)} are made again"


def _loops(jobs: Sequence[Job]) -> str:
    if all(job.step.per is Per.EXPERIMENT for job in jobs):
        return "the results"
    loops = {job.target.loop for job in jobs if job.step.per is not Per.EXPERIMENT}
    first, last = min(loops), max(loops)
    if first == last:
        return f"outputs of loop {first}"
    return f"loops {first} to {last}"

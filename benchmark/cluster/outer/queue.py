"""A track's jobs in the scheduler's queue, those of earlier calls among them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark import layout
from benchmark.cluster.history import shard_lease
from benchmark.cluster.outer.place import job_name
from benchmark.cluster.profiles.profile import Executor, Profile
from benchmark.cluster.schedulers import QueuedJob, scheduler
from benchmark.cluster.shards import Shard
from nnactive.errors import NnactiveError
from nnactive.io.files import write_text
from nnactive.io.holders import Watcher
from nnactive.io.leases import living

Tell = Callable[[str], None]


def still_at_work(root: Path, profile: Profile, left: dict[str, Shard], tell: Tell) -> set[str]:
    """Shards that jobs of an earlier call work on; those of its jobs that wait are cancelled."""
    awaited = {slug for slug in left if living(shard_lease(root, slug)) is not None}
    if queued := _queued(root, profile):
        waiting = [job.id for job in queued if job.pending and job.shard not in awaited]
        if waiting:
            tell(f"cancelling {len(waiting)} jobs of an earlier call that still wait")
            scheduler(profile).cancel(waiting)
        awaited |= {job.shard for job in queued if not job.pending} & set(left)
    if awaited:
        tell(f"{len(awaited)} shards are running from an earlier call; waiting for them")
    return awaited


def _queued(root: Path, profile: Profile) -> list[QueuedJob]:
    if profile.executor is Executor.LOCAL:
        return []
    return scheduler(profile).jobs(job_name(root))


def is_queue_empty(root: Path, profile: Profile) -> bool:
    """Whether the scheduler says that it holds none of the track's jobs."""
    if profile.executor not in {Executor.SLURM, Executor.LSF}:
        return False
    with suppress(NnactiveError):  # it doesn't answer now
        return not _queued(root, profile)
    return False


@contextmanager
def watched(root: Path, profile: Profile, awaited: set[str]) -> Iterator[Callable[[], None]]:
    """A function that notes which awaited shards nobody works on any more."""
    left, due, watcher = set(awaited), 0.0, Watcher()

    def look() -> None:
        nonlocal due
        if not left or time.monotonic() < due:
            return
        due = time.monotonic() + profile.seconds_between_looks
        queued = set[str]()
        with suppress(NnactiveError):  # the leases tell, too
            queued = {job.shard for job in _queued(root, profile)}
        for slug in sorted(left):
            held = watcher.holds(shard_lease(root, slug))
            if slug not in queued and not held:
                write_text(root / layout.shard_folder() / "gone" / slug, "")
                left.discard(slug)

    yield look

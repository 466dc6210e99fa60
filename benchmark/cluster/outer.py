"""Submit a track in shards and see it through: plan, Snakemake, and rounds until all have ended."""

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.cluster.history import (
    Ended,
    ended_file,
    forgive,
    read_ended,
    read_history,
    shard_lease,
)
from benchmark.cluster.jobs import PLAN, OuterJob, OuterPlan, options
from benchmark.cluster.profiles.needs import Sizes
from benchmark.cluster.profiles.profile import Executor, Profile
from benchmark.cluster.request import ShardRequest, asked, request_file
from benchmark.cluster.schedulers import QueuedJob, scheduler
from benchmark.cluster.shards import Kind, Shard
from benchmark.execution.child_processes import spawn
from benchmark.layout import Experiment
from benchmark.results import load_result
from benchmark.submission.spec import freeze
from benchmark.workflow.request import Request, check_datasets, check_settings
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import replace_model, write_model, write_text
from nnactive.io.leases import lease, living

SNAKEFILE: Final = Path(__file__).parent / "Snakefile"
SECONDS_BETWEEN_LOOKS: Final = 2.0
CALLS_A_SECOND: Final = 10
"""Of the file system, at most."""
SECONDS_OF_SILENCE: Final = 900.0
"""After so long without a job in the queue, a living lease or a change, Snakemake has lost them."""
RETRIES: Final = 20
"""How often Snakemake submits a shard in one round."""
ODD: Final = re.compile(r"[^\w\s./,;:=+@~()#&!-]", re.ASCII)
"""What Snakemake or a scheduler would take for its own in a folder's name."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Counts:
    """Where the shards of a track are."""

    finished: int
    failed: int
    running: int
    total: int

    def __str__(self) -> str:
        parts = [f"{self.finished} of {self.total} shards finished", f"{self.running} running"]
        return ", ".join(parts + [f"{self.failed} failed"] * bool(self.failed))


def submit_shards(
    request: Request, profile: Profile, cut: Kind, tell: Tell
) -> dict[str, Ended | None]:
    """Submit what is left of a request, and wait for its end.

    If this process is killed, its jobs go on; the next call takes them over.

    Args:
        request: what to run.
        profile: the cluster.
        cut: what a shard is.
        tell: is called with each line of progress.

    Returns:
        The shards that didn't finish: how each ended, or None if it never did.

    Raises:
        UserError: if the request contradicts what is in the track's folder, or another process
            submits shards of it.
    """
    root = request.root.resolve()
    check_folder(root)
    check_plugin(profile)
    (root / layout.shard_folder()).mkdir(parents=True, exist_ok=True)
    holder = submit_lease(root)
    with lease(holder) as held:
        if not held:
            found = living(holder)
            who = f" ({found.host}, process {found.pid})" if found else ""
            raise UserError(
                f"{root}: another call submits shards of this track{who}; wait for its end, "
                "or end it: its jobs go on"
            )
        wanted = _prepare(request, root, cut)
        shards = wanted.shards()
        rounds = 0
        while True:
            left = _left(root, shards, first=rounds == 0)
            if not left:
                break
            before = _tries(root, left)
            _round(root, wanted, profile, left, tell)
            rounds += 1
            if all(read_ended(root, slug) for slug in left) or _tries(root, left) == before:
                break
        ends = {slug: read_ended(root, slug) for slug in shards}
    return {slug: end for slug, end in ends.items() if end is None or end.outcome == "failed"}


def submit_lease(root: Path) -> Path:
    """The lease of the process that submits a track's shards."""
    return root / layout.shard_folder() / "submit.lease"


def check_folder(root: Path) -> None:
    """Refuse a folder whose name a scheduler's command line can't carry.

    Raises:
        UserError: names the character.
    """
    if odd := ODD.search(str(root)):
        raise UserError(
            f"{root}: '{odd[0]}' in a folder's name doesn't survive a scheduler's command line; "
            "choose another --runs folder for a cluster"
        )


def check_plugin(profile: Profile) -> None:
    """Refuse a profile whose executor isn't installed.

    Raises:
        UserError: says what to install.
    """
    name = str(profile.executor)
    extra = "kubernetes" if profile.executor is Executor.KUBERNETES else "cluster"
    module = f"snakemake_executor_plugin_{name.replace('-', '_')}"
    if profile.executor is not Executor.LOCAL and find_spec(module) is None:
        raise UserError(
            f"{name}: Snakemake's plugin for it isn't installed; run: "
            f"pip install 'nnactive-bench[{extra}]'"
        )


def job_name(root: Path) -> str:
    """What the names of a track's jobs begin with.

    >>> job_name(Path("/runs/main"))
    'nnactive-main-2cbc2e'
    """
    track = re.sub(r"[^A-Za-z0-9_-]", "-", root.name)[:30]
    return f"nnactive-{track}-{hashlib.sha256(str(root).encode()).hexdigest()[:6]}"


def counts(root: Path, slugs: Sequence[str]) -> Counts:
    """Where shards are."""
    return Look(root, slugs).counts()


class Look:
    """Looks at where shards are; what has ended is read once."""

    def __init__(self, root: Path, slugs: Sequence[str]) -> None:
        """Look at the shards of the track in the folder ``root``."""
        self._root, self._slugs = root, slugs
        self._outcomes: dict[str, str] = {}
        self.calls = 0
        """Of the file system in the last look."""

    def counts(self) -> Counts:
        """Look now."""
        names = {file.name for file in (self._root / layout.shard_folder()).iterdir()}
        self.calls = 1
        for slug in self._slugs:
            if f"{slug}.ended" not in names:  # or it is worked on again
                self._outcomes.pop(slug, None)
            elif slug not in self._outcomes and (end := read_ended(self._root, slug)):
                self._outcomes[slug] = end.outcome
                self.calls += 2
        held = [slug for slug in self._slugs if f"{slug}.lease" in names]
        self.calls += 2 * len(held)
        running = sum(living(shard_lease(self._root, slug)) is not None for slug in held)
        failed = sum(outcome == "failed" for outcome in self._outcomes.values())
        return Counts(len(self._outcomes) - failed, failed, running, len(self._slugs))

    @property
    def pause(self) -> float:
        """Seconds until the next look, so that there are few calls a second."""
        return max(SECONDS_BETWEEN_LOOKS, self.calls / CALLS_A_SECOND)


def is_made(root: Path, shard: Shard, request: Request) -> bool:
    """Whether all that a shard makes is there."""
    if shard.last:
        return all(_is_complete(root, experiment) for experiment in shard.experiments)
    setting = next(each for each in request.track.settings if each.name == shard.setting)
    loop, folds = shard.loop or 0, range(setting.training.folds)
    made = []
    for experiment in shard.experiments:
        made += [layout.evaluation_file(experiment, loop), layout.train_folder(experiment, loop)]
        if not loop:  # networks of later loops may be dropped
            made += [layout.member_file(experiment, loop, fold) for fold in folds]
    return all((root / file).exists() for file in made)


def _is_complete(root: Path, experiment: Experiment) -> bool:
    file = root / layout.result_file(experiment)
    return file.exists() and load_result(file).status == "complete"


def _prepare(request: Request, root: Path, cut: Kind) -> ShardRequest:
    """Check the request as a run does, and write what the shards need of it."""
    generated = check_datasets(request)
    check_settings(request)
    write_model(root / layout.track_file(), request.track)
    for spec, source in request.methods:
        freeze(root, spec, source)
    wanted = asked(request, cut, generated)
    replace_model(request_file(root), wanted)
    return wanted


def _left(root: Path, shards: dict[str, Shard], *, first: bool) -> dict[str, Shard]:
    """The shards that are to be worked on; what has failed is tried again in a new call."""
    left = {}
    request = _as_request(root)
    for slug, shard in shards.items():
        if is_made(root, shard, request):
            if read_ended(root, slug) is None:
                write_model(ended_file(root, slug), Ended(outcome="finished"))
            continue
        if first:
            forgive(root, slug)
            ended_file(root, slug).unlink(missing_ok=True)
        if read_ended(root, slug) is None:
            left[slug] = shard
    return left


def _as_request(root: Path) -> Request:
    from benchmark.cluster.request import read_request

    return read_request(root).request(root, cores=1)


def _tries(root: Path, slugs: dict[str, Shard]) -> int:
    """Attempts on shards: a round without a new one leads nowhere."""
    return sum(len(read_history(root, slug).attempts) for slug in slugs)


def _round(
    root: Path, wanted: ShardRequest, profile: Profile, left: dict[str, Shard], tell: Tell
) -> None:
    """Submit shards by one call of Snakemake, and wait for its end."""
    folder = root / layout.shard_folder()
    awaited = _still_at_work(root, profile, left, tell)
    write_model(folder / PLAN, _plan(root, wanted, profile, left, awaited))
    for name in ("gone", "free"):
        for file in (folder / name).glob("*"):
            file.unlink()
        (folder / name).mkdir(exist_ok=True)
    log = root / layout.log_file(Path("submit"))
    log.parent.mkdir(parents=True, exist_ok=True)
    tell(f"submitting {len(left)} of {len(wanted.shards())} shards; Snakemake's log: {log}")
    command = snakemake(folder, profile, job_name(root))
    look = Look(root, list(wanted.shards()))
    with log.open("ab") as output, _watched(root, profile, awaited) as gone:
        process = spawn(command, output, folder=folder, env=_environment())
        try:
            shown, since = None, time.monotonic()
            while process.poll() is None:
                now = look.counts()
                if now != shown or now.running:
                    since = time.monotonic()
                if now != shown:
                    tell(str(now))
                shown = now
                gone()
                if time.monotonic() - since > SECONDS_OF_SILENCE and _is_queue_empty(root, profile):
                    tell("no job is left in the queue, but Snakemake waits: submitting again")
                    break
                _wait(process, look.pause)
        finally:
            # Killed, not asked to end: it would cancel its jobs.
            process.kill()
            process.wait()
    tell(str(look.counts()))


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def snakemake(folder: Path, profile: Profile, name: str) -> list[str]:
    """Snakemake's command line for a track's shards."""
    usual = (
        "--keep-going --nolock --ignore-incomplete --keep-incomplete --nocolor --latency-wait 60"
    )
    usual += " --rerun-triggers mtime --profile none --workflow-profile none --scheduler greedy"
    usual += " --local-cores 100000"  # jobs that wait take none
    # A shard that was preempted or met its time limit ends with 75 and is submitted again; what
    # leads nowhere ends by itself (history.py). Inside a job, nothing is tried again.
    usual += f" --retries {RETRIES}"
    return [
        *(sys.executable, "-P", "-m", "snakemake", "--snakefile", str(SNAKEFILE)),
        *("--directory", str(folder), *options(profile, name), *usual.split()),
    ]


def _environment() -> dict[str, str]:
    return {**os.environ, "NNACTIVE_DEBUG": "1", "PYTHONUNBUFFERED": "1"}


def _plan(
    root: Path,
    wanted: ShardRequest,
    profile: Profile,
    left: dict[str, Shard],
    awaited: set[str],
) -> OuterPlan:
    jobs, sizes = [], Sizes(wanted.request(root, profile.cores), profile)
    for slug, shard in left.items():
        size = sizes.of(shard)
        jobs.append(
            OuterJob(
                slug=slug,
                needs=shard.needs,
                awaited=slug in awaited,
                cores=size.cores,
                memory_mb=int(1024 * size.memory_gib),
                minutes=size.minutes,
                disk_mb=int(1024 * size.disk_gib),
            )
        )
    return OuterPlan(root=str(root), data=wanted.data, jobs=tuple(jobs), profile=profile)


def _still_at_work(root: Path, profile: Profile, left: dict[str, Shard], tell: Tell) -> set[str]:
    """Shards that jobs of an earlier call work on; those of its jobs that wait are cancelled."""
    awaited = {slug for slug in left if living(shard_lease(root, slug)) is not None}
    if queued := _queued(root, profile):
        waiting = [job.id for job in queued if job.pending and job.shard not in awaited]
        if waiting:
            tell(f"cancelling {len(waiting)} jobs of an earlier call that still wait")
            scheduler(profile).cancel(waiting)
        awaited |= {job.shard for job in queued if not job.pending} & set(left)
    if awaited:
        tell(f"{len(awaited)} shards are at work from an earlier call; they are awaited")
    return awaited


def _queued(root: Path, profile: Profile) -> list[QueuedJob]:
    if profile.executor is Executor.LOCAL:
        return []
    return scheduler(profile).jobs(job_name(root))


def _is_queue_empty(root: Path, profile: Profile) -> bool:
    """Whether the scheduler says that it holds none of the track's jobs."""
    if profile.executor not in {Executor.SLURM, Executor.LSF}:
        return False
    with suppress(NnactiveError):  # it doesn't answer now
        return not _queued(root, profile)
    return False


@contextmanager
def _watched(root: Path, profile: Profile, awaited: set[str]) -> Iterator[Callable[[], None]]:
    """A function that notes which awaited shards nobody works on any more."""
    left, due = set(awaited), 0.0

    def look() -> None:
        nonlocal due
        if not left or time.monotonic() < due:
            return
        due = time.monotonic() + profile.seconds_between_looks
        queued = set[str]()
        with suppress(NnactiveError):  # the leases tell, too
            queued = {job.shard for job in _queued(root, profile)}
        for slug in sorted(left):
            if slug not in queued and living(shard_lease(root, slug)) is None:
                write_text(root / layout.shard_folder() / "gone" / slug, "")
                left.discard(slug)

    yield look

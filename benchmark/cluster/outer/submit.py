"""Submit a track in shards and see it through: plan, Snakemake, and rounds until all have ended."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.cluster.history import (
    Ended,
    ended_file,
    forgive,
    read_ended,
    read_history,
)
from benchmark.cluster.outer.jobs import PLAN, OuterJob, OuterPlan, options
from benchmark.cluster.outer.look import Look, is_made
from benchmark.cluster.outer.place import check_folder, check_plugin, job_name, submit_lease
from benchmark.cluster.outer.queue import Tell, is_queue_empty, still_at_work, watched
from benchmark.cluster.profiles.needs import Sizes
from benchmark.cluster.profiles.profile import Profile
from benchmark.cluster.request import ShardRequest, asked, request_file
from benchmark.cluster.shards import Kind, Shard
from benchmark.cycles.find import check_runs
from benchmark.execution.child_processes import spawn
from benchmark.submission.spec import freeze
from benchmark.taken.sources import check_sources
from benchmark.tracks import experiments
from benchmark.workflow.request import Request, check_datasets, check_settings
from nnactive.errors import UserError
from nnactive.io.files import replace_model, write_model
from nnactive.io.leases import lease, living

SNAKEFILE: Final = Path(__file__).parent / "Snakefile"
SECONDS_OF_SILENCE: Final = 240.0
"""After so long without a job in the queue, a living lease or a change, Snakemake has lost them:
its plugin asks every 180 s at least, and waits for ever for what Slurm calls PREEMPTED."""
RETRIES: Final = 20
"""How often Snakemake submits a shard in one round."""


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
                f"{root}: another call is submitting shards of this track{who}; wait for it, "
                "or stop it: its jobs continue"
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


def _prepare(request: Request, root: Path, cut: Kind) -> ShardRequest:
    """Check the request as a run does, and write what the shards need of it."""
    check_runs(root, request.track.name, request.track.settings)
    generated = check_datasets(request)
    check_settings(request)
    methods = [spec.record.id for spec, _ in request.methods]
    check_sources(root, request.track, experiments(request.track, methods))
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
    awaited = still_at_work(root, profile, left, tell)
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
    with log.open("ab") as output, watched(root, profile, awaited) as gone:
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
                if time.monotonic() - since > SECONDS_OF_SILENCE and is_queue_empty(root, profile):
                    tell("the queue is empty, but Snakemake is still waiting: submitting again")
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

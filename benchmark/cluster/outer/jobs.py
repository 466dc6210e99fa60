"""The outer workflow's jobs: their inputs, command lines and resources, for its Snakefile."""

import shlex
import sys
from pathlib import Path
from typing import Any, Final

from benchmark.cluster.history import (
    Grant,
    closed,
    history_file,
    next_grant,
    read_history,
    save_history,
    shard_lease,
)
from benchmark.cluster.profiles.profile import Executor, Profile
from benchmark.cluster.schedulers import scheduler
from benchmark.cluster.work import scheduled
from nnactive.io.files import read_model
from nnactive.io.leases import living
from nnactive.io.models import Frozen, StateFile

PLAN: Final = Path("plan.json")
"""In the working folder, RUNS/TRACK/.shards."""
TRIAL: Final = "trial"
"""The slug of the one job that `profile init` tries."""
MOST: Final = 4
"""How many times its usual memory a retry may ask for, unless the profile says more."""

Wildcards = Any


class OuterJob(Frozen):
    """One job of the outer workflow."""

    slug: str
    needs: str | None = None
    """Slug of a shard that must end first."""
    awaited: bool = False
    """Whether a job of an earlier call is still at work on it."""
    cores: int
    memory_mb: int
    minutes: int
    disk_mb: int = 0


class OuterPlan(StateFile):
    """``.shards/plan.json``: what the outer workflow is to submit."""

    root: str
    """The track's folder, absolute."""
    data: str
    jobs: tuple[OuterJob, ...]
    profile: Profile


class Jobs:
    """The jobs of a plan, as functions of Snakemake's wildcards."""

    def __init__(self, plan: OuterPlan) -> None:
        self.plan = plan
        self.profile = plan.profile
        self._by_slug = {job.slug: job for job in plan.jobs}

    @property
    def targets(self) -> list[str]:
        """What the outer workflow is to make."""
        return [f"{job.slug}.ended" for job in self.plan.jobs]

    def inputs(self, wildcards: Wildcards) -> list[str]:
        """What a shard waits for."""
        job = self._by_slug[wildcards.shard]
        # What was over before the call is none of its jobs.
        needed = [f"{job.needs}.ended"] if job.needs in self._by_slug else []
        return [*needed, f"free/{job.slug}"] if job.awaited else needed

    def cores(self, wildcards: Wildcards) -> int:
        """Cores of a shard's job."""
        return self._by_slug[wildcards.shard].cores

    @property
    def resources(self) -> dict[str, Any]:
        """Resources by the names that the profile's executor knows."""
        profile = self.profile
        found: dict[str, Any] = {
            "mem_mb": lambda wildcards: self.grant(wildcards.shard).memory_mb,
            "runtime": lambda wildcards: self.grant(wildcards.shard).minutes,
            "disk_mb": lambda wildcards: self._by_slug[wildcards.shard].disk_mb or 1000,
        }
        if profile.gpus:
            found["gpu"] = profile.gpus
        return {**found, **named(profile)}

    def grant(self, slug: str) -> Grant:
        """What the next job on a shard asks for, from what became of the earlier ones."""
        job, profile, root = self._by_slug[slug], self.profile, Path(self.plan.root)
        usual = Grant(job.memory_mb, job.minutes)
        memory = 1024 * (profile.most_memory_gib or MOST * job.memory_mb / 1024)
        most = Grant(int(memory), int(profile.hours * 60))
        if not history_file(root, slug).exists():
            return next_grant(read_history(root, slug), usual, most)
        history = read_history(root, slug)
        died = history.attempts and history.attempts[-1].status is None
        if died and scheduled() is None and living(shard_lease(root, slug)) is None:
            last = history.attempts[-1]
            fate = scheduler(profile).fate(last.job) if last.job else None
            lease = shard_lease(root, slug)
            sign = lease.stat().st_mtime if lease.exists() else None
            history = closed(history, sign, fate)
            save_history(root, slug, history)
        return next_grant(history, usual, most)

    def command(self, wildcards: Wildcards, threads: int, resources: Any) -> str:
        """The job's script; Snakemake passes the arguments by these names."""
        granted = Grant(int(resources.mem_mb), int(resources.runtime))
        return job_script(self.plan, wildcards.shard, threads, granted)


def read_jobs(folder: Path = Path()) -> Jobs:
    """The jobs of the plan in the working folder."""
    return Jobs(read_model(folder / PLAN, OuterPlan))


def job_script(plan: OuterPlan, slug: str, cores: int, granted: Grant) -> str:
    """The shell script of one job."""
    profile = plan.profile
    scratch = f'export NNACTIVE_SCRATCH="{profile.scratch}"' if profile.scratch else ""
    bench = [sys.executable, "-P", "-m", "benchmark.cli"]
    if slug == TRIAL:
        module = [sys.executable, "-P", "-m", "benchmark.cluster.trial", plan.root]
        words = [*module, *([profile.runtime, profile.container] if profile.container else [])]
        temporary = ""
    else:
        limits = ["--memory-mb", str(granted.memory_mb), "--minutes", str(granted.minutes)]
        words = [*bench, "shard", plan.root, slug, "--cores", str(cores), *limits, *inside(plan)]
        temporary = ' --scratch "$NNACTIVE_SCRATCH"' * bool(scratch and profile.container)
    # The program takes the shell's place, so that the scheduler's signals reach it.
    return "\n".join(
        filter(None, [*profile.setup, scratch, f"exec {shlex.join(words)}{temporary}"])
    )


def inside(plan: OuterPlan) -> list[str]:
    """Options that run a shard in the profile's container."""
    profile = plan.profile
    if not profile.container:
        return []
    places = ["--data", plan.data, "--image", profile.container]
    return ["--runtime", profile.runtime, *places]


def named(profile: Profile) -> dict[str, Any]:
    """Resources that only one executor knows."""
    if profile.executor is Executor.SLURM:
        warning = f"--signal=TERM@{profile.warning_seconds}" if profile.warning_seconds else ""
        extra = " ".join(filter(None, [warning, profile.scheduler_options]))
        pairs = {
            "slurm_partition": profile.partition,
            "slurm_account": profile.account,
            "gpu_model": profile.gpu_type,
            "slurm_extra": extra,
        }
    elif profile.executor is Executor.LSF:
        pairs = {
            "lsf_queue": profile.partition,
            "lsf_project": profile.account,
            "lsf_extra": profile.scheduler_options,
        }
    elif profile.executor is Executor.KUBERNETES:
        pairs = {"gpu_manufacturer": "nvidia"}
    else:
        pairs = {}
    return {name: value for name, value in pairs.items() if value}


def options(profile: Profile, name: str) -> list[str]:
    """Snakemake's options that say where jobs run.

    Args:
        profile: the cluster.
        name: what the names of the track's jobs begin with.
    """
    words = ["--executor", str(profile.executor), "--jobs", str(profile.jobs)]
    looks = str(profile.seconds_between_looks)
    if profile.executor is Executor.SLURM:
        words += ["--slurm-jobname-prefix", name, "--slurm-requeue"]
        words += ["--slurm-init-seconds-before-status-checks", looks]
        words += [] if profile.account else ["--slurm-no-account"]
        # The plugin doesn't know sacct's "CANCELLED by 0", and falls back to sacct by itself where
        # squeue forgets too soon.
        words += ["--slurm-status-command", "squeue"]
        words += ["--slurm-delete-logfiles-older-than", "0"]
    elif profile.executor is Executor.GENERIC:
        for option in ("submit", "status", "cancel"):
            if value := getattr(profile, option):
                words += [f"--cluster-generic-{option}-cmd", value]
    return [*words, *profile.extra]

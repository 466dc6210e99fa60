"""A scheduler's queue: which of a track's jobs it holds, how one ended, and cancelling jobs."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from benchmark.cluster.profiles.profile import Executor, Profile
from nnactive.errors import NnactiveError

SECONDS: Final = 60
"""How long a scheduler may take to answer."""
PENDING: Final = {"PENDING", "CONFIGURING", "PEND", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"}
ACTIVE: Final = PENDING | {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "RUN", "SSUSP"}
AT_ONCE: Final = 200
"""Ids in one command line."""


@dataclass(frozen=True)
class QueuedJob:
    """A job in the queue."""

    id: str
    shard: str
    """Its slug; empty if the scheduler doesn't say."""
    pending: bool


class Scheduler(Protocol):
    """What a run asks a scheduler."""

    def jobs(self, name: str) -> list[QueuedJob]:
        """Jobs in the queue whose name begins with ``name``."""

    def fate(self, job: str) -> str | None:
        """How the scheduler calls a job's end; None if it doesn't know (any more)."""

    def cancel(self, jobs: Sequence[str]) -> None:
        """End jobs; those that are running are asked to first."""


def scheduler(profile: Profile) -> Scheduler:
    """The scheduler that a profile submits to."""
    if profile.executor is Executor.SLURM:
        return Slurm(accounting=profile.accounting)
    if profile.executor is Executor.LSF:
        return Lsf()
    return Other(profile.cancel)


def cancel(profile: Profile, jobs: Sequence[str]) -> None:
    """Cancel jobs by their ids.

    Raises:
        NnactiveError: if the scheduler refuses, or the profile doesn't say how.
    """
    scheduler(profile).cancel(jobs)


class Slurm:
    """Slurm, by its command line."""

    def __init__(self, *, accounting: bool) -> None:
        self._accounting = accounting

    def jobs(self, name: str) -> list[QueuedJob]:
        """Those of squeue; the slug is in the job's comment."""
        rows = _lines(["squeue", "--me", "--noheader", "--states=all", "--format=%i|%T|%j|%k"])
        found = []
        for row in rows:
            number, state, called, comment = (*row.split("|", 3), "", "", "")[:4]
            if called.startswith(name) and state in ACTIVE:
                slug = comment.partition("_wildcards_")[2]
                found.append(QueuedJob(number, slug, state in PENDING))
        return found

    def fate(self, job: str) -> str | None:
        """By sacct where there is accounting, else by the controller, which forgets soon."""
        if self._accounting:
            rows = _lines(["sacct", "-X", "-n", "-P", "--format=State", "-j", job], strict=False)
            return rows[-1].split()[0] if rows and rows[-1].split() else None
        shown = " ".join(_lines(["scontrol", "show", "job", "-o", job], strict=False))
        match = re.search(r"\bJobState=(\w+)", shown)
        return match[1] if match else None

    def cancel(self, jobs: Sequence[str]) -> None:
        """By scancel: SIGTERM, and SIGKILL after the cluster's KillWait."""
        _for_each_lot(["scancel"], jobs)


class Lsf:
    """LSF, by its command line."""

    def jobs(self, name: str) -> list[QueuedJob]:
        """Those of bjobs; the slug is in the job's name. LSF's plugin names no track."""
        rows = _lines(["bjobs", "-noheader", "-o", "jobid stat job_name delimiter='|'"])
        found = []
        for row in rows:
            number, state, called = (*row.split("|", 2), "", "")[:3]
            slug = re.search(r":shard=(.+?)___\(", called)
            if slug and state in ACTIVE:
                found.append(QueuedJob(number, slug[1], state in PENDING))
        return found if name else []

    def fate(self, job: str) -> str | None:
        """By bjobs."""
        command = ["bjobs", "-a", "-noheader", "-o", "exit_reason", job]
        text = " ".join(_lines(command, strict=False))
        for word, fate in (("MEMLIMIT", "OUT_OF_MEMORY"), ("RUNLIMIT", "TIMEOUT")):
            if word in text:
                return fate
        return None

    def cancel(self, jobs: Sequence[str]) -> None:
        """By bkill."""
        _for_each_lot(["bkill"], jobs)


class Other:
    """Any other scheduler: jobs can't be listed; they are cancelled by the profile's command."""

    def __init__(self, command: str | None) -> None:
        self._command = command

    def jobs(self, name: str) -> list[QueuedJob]:  # noqa: ARG002
        """None that it could tell of; leases tell who is at work."""
        return []

    def fate(self, job: str) -> str | None:  # noqa: ARG002
        """Unknown."""
        return None

    def cancel(self, jobs: Sequence[str]) -> None:
        """By the profile's ``cancel`` command, with the ids appended."""
        if jobs and not self._command:
            raise NnactiveError(
                f"jobs {', '.join(jobs)}: the profile has no 'cancel' command; cancel them by hand"
            )
        _for_each_lot(shlex.split(self._command or ""), jobs)


def _for_each_lot(command: Sequence[str], jobs: Sequence[str]) -> None:
    for first in range(0, len(jobs), AT_ONCE):
        _lines([*command, *jobs[first : first + AT_ONCE]], strict=False)


def _lines(command: Sequence[str], *, strict: bool = True) -> list[str]:
    """A command's output; unless ``strict``, nothing if it fails.

    Raises:
        NnactiveError: it can't be called, or fails.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        if not strict:
            return []
        cause = "not on this machine" if isinstance(error, FileNotFoundError) else str(error)
        way_out = "run the same command on a login node of the cluster"
        raise NnactiveError(f"{command[0]}: {cause}; {way_out}") from None
    if done.returncode and strict:
        cause = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NnactiveError(f"{command[0]}: {cause}; run the same command again")
    return (
        [line for line in done.stdout.splitlines() if line.strip()]
        if strict or not done.returncode
        else []
    )

"""What `profile init` asks, with defaults that the scheduler tells."""

import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from benchmark.cluster.profiles.profile import Executor, Profile


@dataclass(frozen=True)
class Question:
    """One field of a profile."""

    field: str
    text: str
    default: Any
    """Empty for none."""
    kind: type


def questions(profile: Profile) -> list[Question]:
    """The questions for a kind of cluster.

    Args:
        profile: what the new one begins with.
    """
    if profile.executor is Executor.LOCAL:
        return []
    found = Found.of_slurm() if profile.executor is Executor.SLURM else Found()
    where, who = {
        Executor.LSF: ("queue", "project"),
    }.get(profile.executor, ("partition", "account"))
    asked = [
        Question("partition", _with(where, found.partitions), found.partition, str),
        Question("account", _with(f"{who} (empty for none)", found.accounts), found.account, str),
        Question("gpus", "GPUs of each job", profile.gpus, int),
        Question("gpu_type", _with("GPU type (empty for any)", found.gpu_types), "", str),
        Question("hours", "longest time limit in hours", found.hours or profile.hours, float),
        Question("cores", "cores of each job", profile.cores, int),
        Question(
            "memory_gib",
            "memory of each job in GiB (0: as measured)",
            profile.memory_gib or 0.0,
            float,
        ),
    ]
    if profile.executor in {Executor.GENERIC, Executor.KUBERNETES}:
        asked = asked[2:3] + asked[4:]
    return [
        *asked,
        Question("container", "container image (empty for none)", profile.container or "", str),
        Question("scratch", "folder on a node's own disk (empty for none)", "", str),
    ]


@dataclass(frozen=True)
class Found:
    """What a scheduler tells of itself."""

    partitions: tuple[str, ...] = ()
    partition: str = ""
    """The default one."""
    hours: float | None = None
    """Its time limit."""
    accounts: tuple[str, ...] = ()
    account: str = ""
    """The user's default one."""
    gpu_types: tuple[str, ...] = ()

    @classmethod
    def of_slurm(cls) -> "Found":
        """What sinfo and sacctmgr say; nothing where they can't."""
        rows = [row.split("|") for row in _ask("sinfo", "-h", "-o", "%P|%l|%G")]
        rows = [row for row in rows if len(row) == 3]  # noqa: PLR2004
        default = next((row for row in rows if row[0].endswith("*")), rows[0] if rows else None)
        types = {
            part.split(":")[1].split("(")[0]
            for row in rows
            for part in row[2].split(",")
            if part.startswith("gpu:") and part.count(":") > 1
        }
        usual = _ask("sacctmgr", "-n", "-P", "show", "user", "$USER", "format=defaultaccount")
        accounts = _ask(
            "sacctmgr", "-n", "-P", "show", "assoc", "where", "user=$USER", "format=account"
        )
        return cls(
            partitions=tuple(dict.fromkeys(row[0].rstrip("*") for row in rows)),
            partition=default[0].rstrip("*") if default else "",
            hours=hours_of(default[1]) if default else None,
            account=usual[0].strip() if usual else "",
            accounts=tuple(sorted({name.strip() for name in accounts if name.strip()})),
            gpu_types=tuple(sorted(types)),
        )


def hours_of(limit: str) -> float | None:
    """Hours of a time limit as Slurm writes it; None if there is none.

    >>> hours_of("2-00:00:00"), hours_of("30:00"), hours_of("infinite")
    (48.0, 0.5, None)
    """
    days, _, rest = limit.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in parts):
        return None
    numbers = [0, 0, 0, *map(int, parts)][-3:] if len(parts) > 1 else [0, int(parts[0]), 0]
    return 24.0 * int(days or 0) + numbers[0] + numbers[1] / 60 + numbers[2] / 3600


def _with(text: str, known: tuple[str, ...]) -> str:
    return f"{text} [{', '.join(known)}]" if known else text


def _ask(*command: str) -> list[str]:
    import getpass

    if shutil.which(command[0]) is None:
        return []
    words = [word.replace("$USER", getpass.getuser()) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if not done.returncode else []

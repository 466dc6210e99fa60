"""Profiles: where and how a track's shards run; YAML files, the user's own before shipped ones."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from nnactive.errors import UserError
from nnactive.io.files import first_problem, write_text
from nnactive.io.models import Frozen
from nnactive.io.yamls import read_yaml

SHIPPED: Final = Path(__file__).parent / "shipped"
HERE: Final = Path("profiles")


class Executor(StrEnum):
    """Who runs the shards, as Snakemake calls it."""

    LOCAL = "local"
    SLURM = "slurm"
    LSF = "lsf"
    GENERIC = "cluster-generic"
    KUBERNETES = "kubernetes"


class Override(Frozen):
    """What shards of one kind ask for, instead of what was measured or the profile's default."""

    cores: int | None = Field(None, ge=1)
    memory_gib: float | None = Field(None, gt=0)
    minutes: int | None = Field(None, ge=1)
    disk_gib: float | None = Field(None, gt=0)


class Profile(Frozen):
    """One cluster, as a user sees it."""

    executor: Executor
    partition: str | None = None
    """Slurm's partition, LSF's queue."""
    account: str | None = None
    """Slurm's account, LSF's project."""
    accounting: bool = True
    """Whether Slurm has a database of past jobs (sacct)."""
    gpus: int = Field(1, ge=0)
    """Of each job."""
    gpu_type: str | None = None
    hours: float = Field(24.0, gt=0)
    """The longest time that a job may ask for."""
    cores: int = Field(8, ge=1)
    memory_gib: float | None = Field(None, gt=0)
    """Of each job; None: as measured, or counted (nnactive-bench plan)."""
    most_memory_gib: float | None = Field(None, gt=0)
    """What a retry may ask for after a job ran out of memory; None: four times as much."""
    jobs: int = Field(100, ge=1)
    """In the queue and running, at once."""
    container: str | None = None
    """An image to run every job in."""
    runtime: Literal["apptainer", "docker"] = "apptainer"
    scratch: str | None = None
    """Folder on the node's own disk; may contain variables of the job's shell."""
    setup: tuple[str, ...] = ()
    """Lines of shell before each job, such as ``module load apptainer``."""
    seconds_between_looks: int = Field(30, ge=1)
    """How often the scheduler is asked about its jobs."""
    warning_seconds: int = Field(120, ge=0)
    """How long before its time limit Slurm tells a job to save; 0: not before its end."""
    submit: str | None = None
    """cluster-generic: the command that submits; ``{threads}``, ``{resources.mem_mb}`` and
    ``{resources.runtime}`` stand for what a job asks for."""
    status: str | None = None
    """cluster-generic: the command that prints running, success or failed for a job's id."""
    cancel: str | None = None
    """cluster-generic, Kubernetes: the command that cancels the jobs whose ids follow."""
    extra: tuple[str, ...] = ()
    """Further options of Snakemake."""
    scheduler_options: str = ""
    """Further options of sbatch or bsub."""
    overrides: dict[str, Override] = Field(default_factory=dict)
    """By kind of shard: start, experiment, loop, component."""


def load_profile(name: str) -> Profile:
    """The profile of that name, or in that file.

    Raises:
        UserError: if there is none, or the file is wrong.
    """
    file = find_profile(name)
    content = read_yaml(file, "profile")
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{file}: {first_problem(error)}") from None


def find_profile(name: str) -> Path:
    """The file of a profile.

    Raises:
        UserError: if there is none.
    """
    if "/" in name or name.endswith((".yaml", ".yml")):
        if not Path(name).is_file():
            raise UserError(f"{name}: no such profile file")
        return Path(name)
    for folder in folders():
        file = folder / f"{name}.yaml"
        if file.is_file():
            return file
    known = ", ".join(sorted(profiles()))
    raise UserError(
        f"{name}: no such profile; there are {known}; make one: nnactive-bench profile init slurm"
    )


def profiles() -> dict[str, Path]:
    """All profiles by name, each with the file that is used."""
    found: dict[str, Path] = {}
    for folder in folders():
        for file in sorted(folder.glob("*.yaml")):
            found.setdefault(file.stem, file)
    return found


def folders() -> tuple[Path, ...]:
    """Where profiles are looked for, in this order."""
    return (HERE, own_folder(), SHIPPED)


def own_folder() -> Path:
    """The user's folder of profiles."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "nnactive-bench" / "profiles"


def save_profile(file: Path, profile: Profile) -> None:
    """Write a profile, without what is as by default."""
    import yaml

    content = profile.model_dump(mode="json", exclude_defaults=True)
    write_text(file, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))

"""What a track's folder and an executor must be like for a cluster; names of its jobs."""

import hashlib
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.cluster.profiles.profile import Executor, Profile
from nnactive.errors import UserError

PROGRAMS: Final = {Executor.SLURM: "sbatch", Executor.LSF: "bsub"}
"""What submits a job, as far as an executor has it from the system."""
ODD: Final = re.compile(r"[^\w\s./,;:=+@~()#&!-]", re.ASCII)
"""What Snakemake or a scheduler would take for its own in a folder's name."""


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
    """Refuse a profile whose executor isn't installed, or whose scheduler isn't here.

    Raises:
        UserError: says what to install, or where to run it.
    """
    name = str(profile.executor)
    extra = "kubernetes" if profile.executor is Executor.KUBERNETES else "cluster"
    module = f"snakemake_executor_plugin_{name.replace('-', '_')}"
    if profile.executor is not Executor.LOCAL and find_spec(module) is None:
        raise UserError(
            f"{name}: Snakemake's plugin for it isn't installed; run: "
            f"pip install 'nnactive-bench[{extra}]'"
        )
    program = PROGRAMS.get(profile.executor)
    if program and shutil.which(program) is None:
        raise UserError(
            f"{name}: no {program} on this machine; run it on a login node of the cluster"
        )


def job_name(root: Path) -> str:
    """What the names of a track's jobs begin with.

    >>> job_name(Path("/runs/main"))
    'nnactive-main-2cbc2e'
    """
    track = re.sub(r"[^A-Za-z0-9_-]", "-", root.name)[:30]
    return f"nnactive-{track}-{hashlib.sha256(str(root).encode()).hexdigest()[:6]}"

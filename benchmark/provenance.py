"""Where a result was made: code, versions, machine, commit."""

import hashlib
import json
import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import benchmark
import nnactive
from benchmark.image.record import image_record, image_used
from benchmark.machine.gpus import driver_version, gpu_names
from benchmark.results import Environment
from nnactive.devices import usable_cores
from nnactive.io.content import DATASETS_PACKAGE, checkout, content_folder

PACKAGES = ("nnactive-bench", "nnunetv2", "torch", "numpy", "scipy", "blosc2", "snakemake")
"""Packages whose version affects a result or its cost."""

COMMAND: Final = "NNACTIVE_COMMAND"
"""Environment variable by which a run tells its jobs its command line."""
CODE: Final = frozenset({".py", ".yaml"})
"""Endings of the files that decide what a run does: modules, tracks, cards."""


def environment() -> Environment:
    """This machine and installation; torch isn't imported."""
    gpus = gpu_names()
    return Environment(
        python=platform.python_version(),
        packages={name: _version(name) for name in PACKAGES},
        commit=code_commit(),
        cpu=cpu_name(),
        cores=usable_cores(),
        accelerator=", ".join(gpus) if gpus else None,
        code=code_hash(),
        driver=driver_version(),
        image=image_used(),
    )


def run_command() -> str | None:
    """Command line of the run that this process is a job of; None: of none."""
    return os.environ.get(COMMAND) or None


@cache
def code_hash() -> str:
    """SHA-256 over the benchmark's code, tracks and cards: the same in a checkout and installed.

    The packages that it was installed with are in `Environment.packages`.
    """
    digest = hashlib.sha256()
    for name, path in sorted(code_files().items()):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def code_files() -> dict[str, Path]:
    """The files that `code_hash` counts, by name."""
    folders = {
        "benchmark": Path(benchmark.__file__).parent,
        "datasets": content_folder(DATASETS_PACKAGE),
        "nnactive": Path(nnactive.__file__).parent,
    }
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for name, folder in folders.items()
        for path in folder.rglob("*")
        if path.suffix in CODE
    }


def cpu_name(info: Path = Path("/proc/cpuinfo")) -> str:
    """Name of the processor."""
    try:
        lines = info.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def code_commit() -> str:
    """Git commit of the benchmark's code: its image's, its checkout's, or that of its install."""
    record = image_record()
    if record:
        return record.commit
    root = checkout()
    return commit(root) if root else installed_commit()


def installed_commit() -> str:
    """Git commit that pip installed the benchmark from; only an install from git records one."""
    try:
        origin = metadata.distribution("nnactive-bench").read_text("direct_url.json")
        return str(json.loads(origin or "{}")["vcs_info"]["commit_id"])
    except (metadata.PackageNotFoundError, json.JSONDecodeError, KeyError, TypeError):
        return "unknown"


def commit(root: Path) -> str:
    """Git commit of the checkout ``root``, ``+dirty`` if tracked files differ from it."""
    if not (root / ".git").exists():  # a repository above it says nothing about it
        return "unknown"
    head = _output("git", "-C", str(root), "rev-parse", "HEAD")
    if not head:
        return "unknown"
    changed = _output("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return head[0] + ("+dirty" if changed else "")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _output(*command: str) -> list[str]:
    """Lines that a command prints; none if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines()

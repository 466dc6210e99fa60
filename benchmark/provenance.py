"""Where a result was made: versions, machine, commit."""

import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from benchmark.image.record import image_record, image_used
from benchmark.machine.gpus import gpu_names
from benchmark.results import Environment
from nnactive.devices import usable_cores
from nnactive.io.content import checkout

PACKAGES = ("nnactive-bench", "nnunetv2", "torch", "numpy", "scipy", "blosc2", "snakemake")
"""Packages whose version affects a result or its cost."""


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
        image=image_used(),
    )


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

"""The trial of a profile: one job of a second that says what it finds on its node."""

import fcntl
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nnactive.io.files import read_model, write_model
from nnactive.io.models import Frozen, StateFile

if TYPE_CHECKING:
    from benchmark.cluster.profiles.profile import Profile

SECONDS_TO_WAIT: Final = 3600
FOLDER: Final = ".trial"
"""In the folder of the runs."""
SKEW: Final = 30.0
"""Seconds between two clocks that leases outlive."""
FOUND: Final = "trial.ended"


class Finding(Frozen):
    """One thing that the job found."""

    what: str
    good: bool
    detail: str


class Findings(StateFile):
    """What the job writes."""

    findings: tuple[Finding, ...]


def run_trial(profile: "Profile", runs: Path) -> tuple[Finding, ...]:
    """Submit the job as shards are submitted, and wait for what it writes.

    Args:
        profile: the cluster.
        runs: folder of the runs; the job has to see it.
    """
    from benchmark.cluster.outer.jobs import PLAN, TRIAL, OuterJob, OuterPlan
    from benchmark.cluster.outer.place import check_folder, check_plugin, job_name
    from benchmark.cluster.outer.submit import snakemake

    folder = runs.resolve() / FOLDER
    check_folder(folder)
    check_plugin(profile)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FOUND).unlink(missing_ok=True)
    (folder / "seen").write_text(socket.gethostname(), encoding="utf-8")
    job = OuterJob(slug=TRIAL, cores=1, memory_mb=2048, minutes=10)
    quick = profile.model_copy(update={"seconds_between_looks": 3})
    plan = OuterPlan(root=str(folder), data=str(folder), jobs=(job,), profile=quick)
    write_model(folder / PLAN, plan)
    command = [*snakemake(folder, quick, job_name(folder)), "--retries", "0"]
    log = folder / "snakemake.txt"
    with log.open("wb") as output:
        try:
            subprocess.run(
                command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, check=False,
                stdin=subprocess.DEVNULL, timeout=SECONDS_TO_WAIT,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return (Finding(what="job", good=False, detail="it didn't end within an hour"),)
    if not (folder / FOUND).exists():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        words = ("error message was", "Error", "error:")
        cause = next((line.strip() for line in lines if any(w in line for w in words)), "it failed")
        return (Finding(what="job", good=False, detail=f"{cause}; see {log}"),)
    return read_model(folder / FOUND, Findings).findings


def look(folder: Path, container: tuple[str, str] | None) -> Iterator[Finding]:
    """What this node has; called in the job.

    Args:
        folder: the trial's, on the shared file system.
        container: the runtime and its image, if the profile names one.
    """
    from benchmark.machine.gpus import visible_gpus
    from nnactive.devices import VISIBLE

    yield Finding(what="node", good=True, detail=f"{socket.gethostname()}, {os.cpu_count()} cores")
    given = os.environ.get(VISIBLE)
    gpus = visible_gpus()
    names = ", ".join(gpu.name or "not known to a driver" for gpu in gpus) or "none"
    yield Finding(what="GPU", good=True, detail=f"{VISIBLE}={given}: {names}")
    yield Finding(what="driver", good=True, detail=_driver())
    yield _scratch()
    yield from _shared(folder)
    version = platform.python_version()
    yield Finding(what="Python", good=True, detail=f"{version}, {sys.executable}")
    if container:
        yield _container(*container)


def _driver() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "no nvidia-smi here"
    query = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=30, check=False)
    return "; ".join(done.stdout.split("\n")).strip("; ") or done.stderr.strip() or "no output"


def _scratch() -> Finding:
    named = os.environ.get("NNACTIVE_SCRATCH")
    if not named:
        return Finding(what="scratch", good=True, detail="the profile names none")
    try:
        Path(named).mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(named).free / 2**30
        good = os.access(named, os.W_OK)
    except OSError as error:
        return Finding(what="scratch", good=False, detail=f"{named}: {error.strerror}")
    return Finding(what="scratch", good=good, detail=f"{named}: {free:.0f} GiB free")


def _shared(folder: Path) -> Iterator[Finding]:
    try:
        host = (folder / "seen").read_text(encoding="utf-8")
    except OSError as error:
        yield Finding(what="shared folder", good=False, detail=f"{folder}: {error.strerror}")
        return
    yield Finding(what="shared folder", good=True, detail=f"{folder}, as on {host}")
    link = folder / f"link-{os.getpid()}"
    try:
        os.link(folder / "seen", link)
        link.unlink()
        yield Finding(what="hard links", good=True, detail="yes; leases and twins need them")
    except OSError as error:
        yield Finding(what="hard links", good=False, detail=f"{error.strerror}; leases need them")
    with (folder / "seen").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            detail = "yes"
        except OSError as error:
            detail = f"no ({error.strerror}); it isn't needed on shared folders"
    yield Finding(what="flock", good=True, detail=detail)
    written = folder / f"clock-{os.getpid()}"
    written.touch()
    skew = written.stat().st_mtime - time.time()
    written.unlink()
    good = abs(skew) < SKEW
    apart = f"the folder's is {abs(skew):.0f} s from the node's"
    yield Finding(what="clock", good=good, detail=apart)


def _container(runtime: str, image: str) -> Finding:
    from benchmark.containers.runtimes import connect
    from nnactive.errors import NnactiveError

    try:
        found = connect(runtime, lambda _: None).image(image)
    except NnactiveError as error:
        return Finding(what="container", good=False, detail=str(error))
    return Finding(what="container", good=True, detail=f"{image} ({runtime}): {found.digest[:19]}")


def main(arguments: list[str]) -> None:
    """Write what this node has; ``arguments``: the trial's folder, and the runtime and image."""
    folder = Path(arguments[0])
    container = (arguments[1], arguments[2]) if len(arguments) > 2 else None  # noqa: PLR2004
    findings = tuple(look(folder, container))
    write_model(folder / FOUND, Findings(findings=findings))


if __name__ == "__main__":
    main(sys.argv[1:])

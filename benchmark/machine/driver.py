"""The GPU's driver: what it says of itself, and whether torch's CUDA can use it."""

import subprocess
from typing import NamedTuple

from benchmark.machine.findings import Finding

QUERY = (
    "nvidia-smi",
    "--query-gpu=driver_version,name,memory.total",
    "--format=csv,noheader",
)
SECONDS_TO_ANSWER = 20
NOT_THERE = "no nvidia-smi"
OLDEST = {12: 525, 13: 580}
"""Oldest driver that a major version of CUDA works with, in all its minor versions (NVIDIA's
document "CUDA Compatibility")."""


class Gpu(NamedTuple):
    """One GPU."""

    name: str
    memory: int | None
    """Bytes; None: the driver doesn't say."""


class Driver(NamedTuple):
    """What ``nvidia-smi`` says."""

    version: str | None
    gpus: tuple[Gpu, ...] = ()
    """In the order of their numbers."""
    problem: str = ""
    """Why there is no answer."""


def ask_driver() -> Driver:
    """Ask ``nvidia-smi``, wherever PATH finds it."""
    try:
        done = subprocess.run(
            QUERY, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER, check=False
        )
    except subprocess.TimeoutExpired:
        return Driver(None, (), f"nvidia-smi: no answer after {SECONDS_TO_ANSWER} s")
    except OSError:
        return Driver(None, (), NOT_THERE)
    return understood(done.stdout, done.stderr)


def understood(output: str, errors: str = "") -> Driver:
    """What the answer to ``QUERY`` means."""
    rows = [[cell.strip() for cell in line.split(",")] for line in output.splitlines()]
    rows = [row for row in rows if len(row) == len(("version", "name", "memory"))]
    if not rows:
        words = " ".join((output + " " + errors).split())
        return Driver(None, (), f"nvidia-smi: {words or 'no answer'}")
    return Driver(rows[0][0], tuple(Gpu(name, _bytes(memory)) for _, name, memory in rows))


def driver_finding(driver: Driver, toolkit: str | None) -> Finding:
    """Whether torch's CUDA, of version ``toolkit``, can use the driver."""
    if driver.version is None:
        return Finding("driver", "note", f"none: {driver.problem}")
    found = f"driver {driver.version}"
    major = _major(toolkit) if toolkit else None
    oldest = OLDEST.get(major) if major else None
    have = _major(driver.version)
    if oldest is None or have is None:
        return Finding("driver", "ok", found)
    if have >= oldest:
        return Finding("driver", "ok", f"{found}; CUDA {toolkit} needs {oldest} or newer")
    other = have >= OLDEST[12]
    way_out = ", or use the image with CUDA 12 (make image VARIANT=cuda12)" if other else ""
    return Finding(
        "driver",
        "FAILED",
        f"{found} is older than {oldest}, which CUDA {toolkit} needs; update it{way_out}",
    )


def _major(version: str) -> int | None:
    number = version.partition(".")[0]
    return int(number) if number.isdigit() else None


def _bytes(memory: str) -> int | None:
    number, _, unit = memory.partition(" ")
    return int(number) << 20 if number.isdigit() and unit == "MiB" else None

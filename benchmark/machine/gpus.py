"""The GPUs of this machine, and which of them a process may use: the only reader of both.

Every GPU comes from one call of ``nvidia-smi``; ``CUDA_VISIBLE_DEVICES`` is read by CUDA's rules.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nnactive.devices import VISIBLE, toolkit_version

FIELDS: Final = ("driver_version", "index", "uuid", "name", "memory.total")
QUERY: Final = ("nvidia-smi", f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader")
SECONDS_TO_ANSWER: Final = 20
NOT_FOUND: Final = "no nvidia-smi"
INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}")
UUID: Final = re.compile(r"(GPU-|MIG-)[0-9A-Za-z/-]*")
"""The UUID of a GPU, or of an instance that one is partitioned into."""
MIG: Final = "MIG-"


@dataclass(frozen=True)
class Gpu:
    """One GPU."""

    id: str
    """As ``CUDA_VISIBLE_DEVICES`` takes it: an index or a whole UUID."""
    index: int | None = None
    """As ``nvidia-smi`` counts, in the order of the bus; CUDA counts likewise where all GPUs are
    alike, or ``CUDA_DEVICE_ORDER=PCI_BUS_ID``."""
    uuid: str | None = None
    name: str | None = None
    """None: ``nvidia-smi`` gives no answer, so the GPU may not exist."""
    memory: int | None = None
    """Bytes; None: unknown."""


@dataclass(frozen=True)
class Driver:
    """The answer of ``nvidia-smi``."""

    version: str | None
    gpus: tuple[Gpu, ...] = ()
    """By index."""
    problem: str = ""
    """Why there is no answer."""


def ask_driver() -> Driver:
    """Ask ``nvidia-smi``, wherever PATH finds it."""
    try:
        done = subprocess.run(
            QUERY,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS_TO_ANSWER,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Driver(None, (), f"nvidia-smi: no answer after {SECONDS_TO_ANSWER} s")
    except OSError:
        return Driver(None, (), NOT_FOUND)
    return parse_answer(done.stdout, done.stderr)


def parse_answer(output: str, errors: str = "") -> Driver:
    """Parse the answer to ``QUERY``."""
    rows = [[cell.strip() for cell in line.split(",")] for line in output.splitlines()]
    rows = [row for row in rows if len(row) >= len(FIELDS) and row[1].isdecimal()]
    if not rows:
        words = " ".join((output + " " + errors).split())
        return Driver(None, (), f"nvidia-smi: {words or 'no answer'}")
    return Driver(rows[0][0], tuple(_gpu(*row[1:]) for row in rows))


def _gpu(index: str, uuid: str, *rest: str) -> Gpu:
    *name, memory = rest  # a name may contain a comma
    known = uuid if UUID.fullmatch(uuid) else None
    return Gpu(index, int(index), known, ", ".join(name), _bytes(memory))


def visible(gpus: Sequence[Gpu], value: str | None) -> tuple[Gpu, ...]:
    """Those of the driver's GPUs that a value of ``CUDA_VISIBLE_DEVICES`` allows, in its order.

    CUDA's rules (CUDA C++ Programming Guide, "CUDA Environment Variables"; torch's
    ``_parse_visible_devices`` for what it leaves open): indices or UUIDs, separated by commas. The
    first entry says which of the two, and the list ends before the first entry that is invalid:
    absent, negative, empty, or an abbreviated UUID that isn't unique. A repeated GPU hides all.

    Two things can't be checked and are believed: MIG instances, which this query of ``nvidia-smi``
    doesn't list (CUDA gives a process one of them, so each job gets its own), and any entry where
    ``nvidia-smi`` lists no GPU at all.

    Args:
        gpus: the GPUs that the driver lists.
        value: of the variable; None: it isn't set, which allows all.
    """
    if value is None:
        return tuple(gpus)
    found: list[Gpu] = []
    for gpu in _resolve(gpus, [entry.strip() for entry in value.split(",")]):
        if any(gpu.id == other.id for other in found):
            return ()
        found.append(gpu)
    return tuple(found)


def visible_gpus() -> tuple[Gpu, ...]:
    """The GPUs that this process may use."""
    return visible(ask_driver().gpus, os.environ.get(VISIBLE))


def usable_gpus() -> tuple[Gpu, ...]:
    """The GPUs that runs use: the visible ones, or none where torch was built without CUDA."""
    return visible_gpus() if toolkit_version() else ()


def gpu_names() -> list[str]:
    """Names of the GPUs that runs use, as results record them; none that can't be checked."""
    return [gpu.name for gpu in usable_gpus() if gpu.name is not None]


def driver_version() -> str | None:
    """Version of the driver of the GPUs that runs use; None without one."""
    driver = ask_driver()
    used = visible(driver.gpus, os.environ.get(VISIBLE)) and toolkit_version()
    return driver.version if used else None


def _resolve(gpus: Sequence[Gpu], entries: Sequence[str]) -> Iterator[Gpu]:
    """The GPU of each entry, up to the first that is invalid."""
    first = UUID.match(entries[0])
    for entry in entries:
        gpu = _by_uuid(gpus, entry, first[1]) if first else _by_index(gpus, entry)
        if gpu is None:
            return
        yield gpu


def _by_index(gpus: Sequence[Gpu], entry: str) -> Gpu | None:
    """As C's ``strtoul`` reads it: digits at the beginning count, whatever follows."""
    digits = INTEGER.match(entry)
    number = int(digits[0]) if digits else -1
    if not gpus and number >= 0:
        return Gpu(str(number), number)
    return next((gpu for gpu in gpus if gpu.index == number), None)


def _by_uuid(gpus: Sequence[Gpu], entry: str, kind: str) -> Gpu | None:
    if not entry.startswith(kind) or not UUID.fullmatch(entry):
        return None
    if kind == MIG:
        # MIG-GPU-UUID/1/0 names its GPU; MIG-UUID doesn't.
        parents = [gpu for gpu in gpus if gpu.uuid and gpu.uuid in entry] or gpus
        names = " or ".join(sorted({str(gpu.name) for gpu in parents}))
        return Gpu(entry, uuid=entry, name=f"MIG instance of {names}" if names else None)
    if not gpus:
        return Gpu(entry, uuid=entry)
    found = [gpu for gpu in gpus if gpu.uuid and gpu.uuid.startswith(entry)]
    return replace(found[0], id=str(found[0].uuid)) if len(found) == 1 else None


def _bytes(memory: str) -> int | None:
    number, _, unit = memory.partition(" ")
    return int(number) << 20 if number.isdigit() and unit == "MiB" else None

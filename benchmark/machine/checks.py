"""The checks: all of them for ``doctor``, and those that a run begins with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmark.image import record
from benchmark.machine.accelerator import (
    compiler_finding,
    driver_finding,
    gpu_finding,
    toolkit_finding,
)
from benchmark.machine.findings import Finding, failures
from benchmark.machine.memory import shared_memory_finding
from benchmark.machine.places import (
    datasets_finding,
    image_mounts,
    readable_finding,
    writable_finding,
    write_problem,
)
from benchmark.machine.snapshot import Machine, lock_folder, scratch_folder, this_machine
from benchmark.machine.versions import (
    image_finding,
    installed,
    lock_finding,
    versions_finding,
)
from nnactive.devices import AUTO, c_compiler, is_gpu, pick_device
from nnactive.errors import UserError

DEVICE_FILES: Final = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""One of them exists where a GPU may be usable."""


def everything(data: Path, runs: Path) -> Iterator[Finding]:
    """Make all checks; torch is imported where there may be a GPU.

    Args:
        data: folder of the prepared datasets.
        runs: folder of the runs.
    """
    machine = this_machine()
    yield from _accelerator(machine)
    gpu = bool(machine.usable)
    yield compiler_finding(c_compiler(), gpu=gpu)
    yield shared_memory_finding(machine.shared_memory, gpu=gpu)
    yield readable_finding(machine.place("data", data, "--data"), needed=False)
    yield writable_finding(machine.place("runs", runs, "--runs"))
    yield writable_finding(machine.place("scratch", scratch_folder(), "TMPDIR"))
    yield image_finding(record.image_used(record.HOME))
    from benchmark.submission.pins import LOCK

    folder = lock_folder()
    lock = folder and folder / LOCK
    if machine.image and lock:
        yield lock_finding(lock, machine.image.lock)
    yield versions_finding(lock, inside=machine.image is not None)
    yield datasets_finding(data)


def begin_run(data: Path, runs: Path, *, needs_data: bool) -> list[str]:
    """Refuse to begin a run that would fail; fast, as torch isn't imported.

    Args:
        data: folder of the prepared datasets.
        runs: folder of the runs.
        needs_data: whether the run reads a dataset that doesn't generate itself.

    Returns:
        What the user should know, a line each.

    Raises:
        UserError: the first finding that failed.
    """
    machine = this_machine()
    for finding in _needed(machine, data, runs, needs_data=needs_data):
        refuse(finding)
    return [f"GPU: {machine.no_gpu}"] if machine.no_gpu else []


def begin_inside() -> None:
    """In an image, refuse to begin if temporary files can't be written.

    Raises:
        UserError: names the folder and the flag that mounts it.
    """
    folder = scratch_folder()
    if image_mounts() is not None and (not folder.is_dir() or write_problem(folder)):
        refuse(writable_finding(this_machine().place("scratch", folder, "TMPDIR")))


def refuse(finding: Finding) -> None:
    """Raise a ``UserError`` for a finding that failed."""
    if failures([finding]):
        raise UserError(finding.detail)


def _needed(machine: Machine, data: Path, runs: Path, *, needs_data: bool) -> Iterator[Finding]:
    if machine.usable:
        yield driver_finding(machine.driver, machine.toolkit)
    yield shared_memory_finding(machine.shared_memory, gpu=bool(machine.usable))
    yield writable_finding(machine.place("runs", runs, "--runs"))
    if machine.image:
        yield writable_finding(machine.place("scratch", scratch_folder(), "TMPDIR"))
        yield readable_finding(machine.place("data", data, "--data"), needed=needs_data)
        from benchmark.submission.pins import LOCK

        lock = record.HOME / LOCK
        yield lock_finding(lock, machine.image.lock)
        yield versions_finding(lock, inside=True)


def _accelerator(machine: Machine) -> Iterator[Finding]:
    driver = driver_finding(machine.driver, machine.toolkit)
    yield driver
    yield toolkit_finding(installed(["torch"]).get("torch"), machine.toolkit)
    yield gpu_finding(machine.usable, machine.no_gpu, torch_can=_torch_can(machine, driver))


def _torch_can(machine: Machine, driver: Finding) -> bool | None:
    """Whether torch can use a GPU; None where there can be none, or the driver is the problem."""
    maybe = machine.usable or (not machine.driver.gpus and any(map(Path.exists, DEVICE_FILES)))
    if not maybe or machine.toolkit is None or failures([driver]):
        return None
    return is_gpu(pick_device(AUTO))

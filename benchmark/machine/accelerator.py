"""Findings on the accelerator: its driver, torch's CUDA, the GPUs, and the C compiler."""

from collections.abc import Sequence
from typing import Final

from benchmark.machine.findings import Finding
from benchmark.machine.gpus import Driver, Gpu
from nnactive.io.formatting import size

OLDEST: Final = {12: 525, 13: 580}
"""Oldest driver that a major version of CUDA works with, in all its minor versions (NVIDIA's
document "CUDA Compatibility")."""
ADD_IN_IMAGE: Final = "; if this machine has one, add --gpus all (Docker) or --nv (Apptainer)"
COMPILER: Final = "C compiler"


def driver_finding(driver: Driver, toolkit: str | None) -> Finding:
    """Whether torch's CUDA, of version ``toolkit``, works with the driver."""
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


def toolkit_finding(torch: str | None, toolkit: str | None) -> Finding:
    """The CUDA that torch was built with."""
    if torch is None:
        return Finding("CUDA", "FAILED", "torch is not installed; install the lock's packages")
    if toolkit is None:
        return Finding("CUDA", "note", f"torch {torch} was built without CUDA: runs on the CPU")
    return Finding("CUDA", "ok", f"torch {torch} with CUDA {toolkit}")


def no_gpu(
    listed: Sequence[Gpu], unchecked: Sequence[Gpu], *, toolkit: str | None, inside: bool
) -> str:
    """Why no GPU is known to be usable, in a line.

    Args:
        listed: the driver's GPUs, whether or not they are visible.
        unchecked: GPUs that ``CUDA_VISIBLE_DEVICES`` names where the driver lists none.
        toolkit: version of torch's CUDA.
        inside: whether this is in an image.
    """
    if listed and toolkit is None:
        return "torch was built without CUDA: runs on the CPU"
    if listed:
        return "CUDA_VISIBLE_DEVICES allows none: runs on the CPU"
    hint = ADD_IN_IMAGE if inside and toolkit else ""
    if unchecked and toolkit:
        names = ",".join(gpu.id for gpu in unchecked)
        return f"nvidia-smi lists none, so CUDA_VISIBLE_DEVICES={names} can't be checked{hint}"
    return f"none found: runs on the CPU{hint}"


def gpu_finding(usable: Sequence[Gpu], otherwise: str, *, torch_can: bool | None) -> Finding:
    """The GPUs by name.

    Args:
        usable: those that the driver lists and a run may use.
        otherwise: why there is none, if so.
        torch_can: whether torch can use one; None: torch was not asked.
    """
    if not usable and torch_can:
        return Finding(
            "GPUs",
            "FAILED",
            "torch can use a GPU that nvidia-smi doesn't list; put nvidia-smi on the PATH (in a "
            "container: NVIDIA_DRIVER_CAPABILITIES=compute,utility)",
        )
    if not usable:
        return Finding("GPUs", "note", otherwise)
    names = ", ".join(
        str(gpu.name) if gpu.memory is None else f"{gpu.name} ({size(gpu.memory)})"
        for gpu in usable
    )
    if torch_can is False:
        return Finding(
            "GPUs",
            "FAILED",
            f"{names}: nvidia-smi lists them, torch can't use them; restart the machine or the "
            "container, or hide them: CUDA_VISIBLE_DEVICES=",
        )
    return Finding("GPUs", "ok", names)


def compiler_finding(compiler: str | None, *, gpu: bool) -> Finding:
    """The C compiler, with which torch.compile speeds up long trainings on a GPU."""
    if compiler is not None:
        return Finding(COMPILER, "ok", compiler)
    if not gpu:
        return Finding(COMPILER, "ok", "none; the CPU needs none")
    return Finding(
        COMPILER,
        "note",
        "none: trainings on a GPU run uncompiled, which is slower but gives the same results up "
        "to rounding; install gcc or clang, and Python's header files",
    )


def _major(version: str) -> int | None:
    number = version.partition(".")[0]
    return int(number) if number.isdigit() else None

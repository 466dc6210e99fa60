"""The GPUs that a run may use."""

from collections.abc import Sequence
from itertools import takewhile

from benchmark.machine.driver import Gpu
from benchmark.machine.findings import Finding
from nnactive.io.formatting import size

ADD_IN_IMAGE = "; if this machine has one, add --gpus all (Docker) or --nv (Apptainer)"


def allowed(gpus: Sequence[Gpu], visible: str | None) -> tuple[Gpu, ...]:
    """Those of the driver's GPUs that ``CUDA_VISIBLE_DEVICES`` allows; None: all of them."""
    if visible is None:
        return tuple(gpus)
    wanted = [part.strip() for part in visible.split(",") if part.strip()]
    if not all(part.removeprefix("-").isdecimal() for part in wanted):
        return tuple(gpus)  # by their UUIDs
    # CUDA takes none from a number on that it doesn't know.
    known = takewhile(lambda number: 0 <= number < len(gpus), map(int, wanted))
    return tuple(gpus[number] for number in known)


def toolkit_finding(torch: str | None, toolkit: str | None) -> Finding:
    """The CUDA that torch was built with."""
    if torch is None:
        return Finding("CUDA", "FAILED", "torch is not installed; install the lock's packages")
    if toolkit is None:
        return Finding("CUDA", "note", f"torch {torch} was built without CUDA: runs on the CPU")
    return Finding("CUDA", "ok", f"torch {torch} with CUDA {toolkit}")


def on_cpu(listed: Sequence[Gpu], *, toolkit: str | None, inside: bool) -> str:
    """Why a run that has no GPU to use runs on the CPU, in a line.

    Args:
        listed: the driver's GPUs, whether or not they are allowed.
        toolkit: version of torch's CUDA.
        inside: whether this is in an image.
    """
    if listed and toolkit is None:
        return "torch was built without CUDA: runs on the CPU"
    if listed:
        return "CUDA_VISIBLE_DEVICES allows none: runs on the CPU"
    return f"none found: runs on the CPU{ADD_IN_IMAGE if inside and toolkit else ''}"


def gpu_finding(usable: Sequence[Gpu], otherwise: str, *, torch_can: bool | None) -> Finding:
    """The GPUs by name.

    Args:
        usable: those that the driver lists and a run may use.
        otherwise: why it runs on the CPU if there is none.
        torch_can: whether torch can use one; None: it wasn't asked.
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
        gpu.name if gpu.memory is None else f"{gpu.name} ({size(gpu.memory)})" for gpu in usable
    )
    if torch_can is False:
        return Finding(
            "GPUs",
            "FAILED",
            f"{names}: nvidia-smi lists them, torch can't use them; restart the machine or the "
            "container, or hide them: CUDA_VISIBLE_DEVICES=",
        )
    return Finding("GPUs", "ok", names)

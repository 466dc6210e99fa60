"""Devices: the only module that knows what accelerators are called and how much they hold.

A device is the string that torch takes: the CPU, or one GPU. The same code runs on both.
"""

import os
import re
import shutil
import sysconfig
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

from nnactive.errors import UserError

CPU = "cpu"
AUTO = "auto"
_GPU = "cuda"

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""Environment variable that lists the GPUs to use."""
TOOLKIT = re.compile(r"^cuda\b[^=]*=\s*['\"]([\d.]+)['\"]", re.MULTILINE)
"""Matches the CUDA version in torch's ``version.py``."""

SHARE = 0.7
"""Fraction of a GPU's memory for results; the network and its activations need the rest."""


def pick_device(device: str) -> str:
    """Resolve ``auto`` to a GPU if one is usable, else to the CPU.

    Raises:
        UserError: if this machine has no such device.
    """
    if device == CPU:
        return device
    import torch

    usable = torch.cuda.is_available()
    if device == AUTO:
        return _GPU if usable else CPU
    known = [_GPU, *(f"{_GPU}:{number}" for number in range(torch.cuda.device_count()))]
    if device not in (known if usable else []):
        listed = ", ".join([AUTO, CPU, *(known if usable else [])])
        raise UserError(f"device '{device}': not on this machine; choose from {listed}")
    return device


def is_gpu(device: str) -> bool:
    """Whether a device, or a kind of device, is a GPU."""
    return device.partition(":")[0] == _GPU


def gpu_name(device: str) -> str:
    """What a GPU is called, as its driver says."""
    import torch

    return torch.cuda.get_device_name(device)


def gpus_in_use() -> int:
    """Number of GPUs if this process has begun to use them, else 0."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_initialized() else 0  # type: ignore[no-untyped-call]


def seed_gpus(seed: int) -> None:
    """Seed the global generators of all GPUs."""
    import torch

    torch.cuda.manual_seed_all(seed)


def autocast(device: str) -> "AbstractContextManager[object]":
    """Mixed precision on a GPU, as in nnU-Net's prediction; no effect on a CPU."""
    import torch

    return torch.autocast(device.partition(":")[0], enabled=is_gpu(device))


def can_hold(device: str, size: int) -> bool:
    """Whether results of ``size`` bytes may stay on the device; always on a CPU."""
    if not is_gpu(device):
        return True
    import torch

    return size <= SHARE * torch.cuda.get_device_properties(device).total_memory


def peak_memory_gib(device: str) -> float | None:
    """Peak GPU memory of this process so far, in GiB; None on a CPU."""
    if not is_gpu(device):
        return None
    import torch

    return float(torch.cuda.max_memory_allocated(device)) / 2**30


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def toolkit_version() -> str | None:
    """CUDA version that torch was built with, without importing torch.

    None if it was built without CUDA or isn't installed.
    """
    spec = find_spec("torch")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "version.py"
        found = TOOLKIT.search(file.read_text(encoding="utf-8")) if file.is_file() else None
        if found:
            return found[1]
    return None


def c_compiler() -> str | None:
    """The C compiler that torch.compile uses for a GPU.

    None if there is none (``$CC``, gcc or clang), or if Python's header files are missing.
    """
    given = os.environ.get("CC")
    found = shutil.which(given) if given else shutil.which("gcc") or shutil.which("clang")
    headers = Path(sysconfig.get_path("include", "posix_prefix")) / "Python.h"
    return found if headers.is_file() else None

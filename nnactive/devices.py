"""Devices: the one place that knows what an accelerator is called and what it can hold.

A device is the string that torch takes: the CPU, or one GPU. The same code runs on both.
"""

import os
from contextlib import AbstractContextManager

from nnactive.errors import UserError

CPU = "cpu"
AUTO = "auto"
_GPU = "cuda"

SHARE = 0.7
"""Part of a GPU's memory that results may take; the network and its activations need the rest."""


def pick_device(device: str) -> str:
    """``auto`` becomes a GPU where one can be used, else the CPU.

    Raises:
        UserError: if there is no such device here.
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
        raise UserError(f"device '{device}': not on this machine; it has {listed}")
    return device


def is_gpu(device: str) -> bool:
    """Whether a device, or a kind of device, is a GPU."""
    return device.partition(":")[0] == _GPU


def autocast(device: str) -> "AbstractContextManager[object]":
    """Mixed precision on a GPU, as nnU-Net predicts there; nothing on a CPU."""
    import torch

    return torch.autocast(device.partition(":")[0], enabled=is_gpu(device))


def can_hold(device: str, size: int) -> bool:
    """Whether results of ``size`` bytes may stay on the device; always on a CPU."""
    if not is_gpu(device):
        return True
    import torch

    return size <= SHARE * torch.cuda.get_device_properties(device).total_memory


def peak_memory_gib(device: str) -> float | None:
    """Most memory of the GPU that this process has used so far, in GiB; None on a CPU."""
    if not is_gpu(device):
        return None
    import torch

    return float(torch.cuda.max_memory_allocated(device)) / 2**30


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

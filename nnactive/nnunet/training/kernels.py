"""Compiled kernels are kept for all trainings of a machine, so that a network compiles once."""

import os
import re
from typing import Final

from nnactive.devices import gpu_name, is_gpu
from nnactive.nnunet.training.folders import cache_folder

INDUCTOR: Final = "TORCHINDUCTOR_CACHE_DIR"
TRITON: Final = "TRITON_CACHE_DIR"


def kernel_variables(device: str) -> dict[str, str]:
    """Environment variables that make trainings on ``device`` share their compiled kernels.

    The folder is that of torch's version and the GPU's name; below it torch names kernels by
    their source and writes them in one move, so that trainings may use it at once. What the
    environment says already stays. Nothing on a CPU, or where the folder can't be made.
    """
    if not is_gpu(device) or INDUCTOR in os.environ:
        return {}
    import torch

    name = re.sub(r"[^A-Za-z0-9.+-]+", "-", f"torch-{torch.__version__}-{gpu_name(device)}")
    folder = cache_folder() / "kernels" / name
    variables = {INDUCTOR: folder / "inductor", TRITON: folder / "triton"}
    try:
        for each in variables.values():
            each.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {key: str(each.resolve()) for key, each in variables.items()}


def limit_compilers(threads: int) -> None:
    """Compile with at most ``threads`` processes; torch starts as many as the machine has cores."""
    import torch._inductor.config as inductor

    inductor.compile_threads = threads

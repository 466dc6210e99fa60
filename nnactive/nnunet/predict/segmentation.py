"""From logits to labels, with little memory and in few passes."""

from typing import TYPE_CHECKING

import numpy as np

from nnactive.devices import is_gpu

if TYPE_CHECKING:
    from torch import Tensor

AT_ONCE = 2**18
"""Voxels worked on together on a CPU: what stays in its cache."""
AT_ONCE_ON_GPU = 2**24


def segmentation(logits: "Tensor") -> np.ndarray | None:
    """Each voxel's class of the largest logit, the first of equals.

    Args:
        logits: ``(classes, Z, Y, X)``, in any precision, on any device.

    Returns:
        int16 ``(Z, Y, X)``, or None if a logit is NaN or infinite.
    """
    import torch

    _, depth, height, width = logits.shape
    planes = max(1, (AT_ONCE_ON_GPU if is_gpu(str(logits.device)) else AT_ONCE) // (height * width))
    found = np.empty((depth, height, width), dtype=np.int16)
    finite = torch.ones((), dtype=torch.bool, device=logits.device)
    for first in range(0, depth, planes):
        labels, sound = _slab(logits[:, first : first + planes])
        finite &= sound
        found[first : first + planes] = labels.cpu().numpy()
    return found if bool(finite) else None


def _slab(logits: "Tensor") -> "tuple[Tensor, Tensor]":
    """Labels of a few planes, and whether all their logits are finite.

    torch's argmax over the first axis and its test for infinity take ten times as long on a CPU.
    """
    import torch

    best = logits[0].float()
    total = best.clone()  # of numbers in half precision: finite if, and only if, all of them are
    kind = torch.uint8 if len(logits) <= np.iinfo(np.uint8).max else torch.int16
    labels = torch.zeros(best.shape, dtype=kind, device=best.device)
    other = torch.empty_like(best)
    for number, each in enumerate(logits[1:], start=1):
        other.copy_(each)
        # A later class has a larger number, so the maximum takes it where it is better.
        torch.maximum(labels, (other > best).to(kind).mul_(number), out=labels)
        torch.maximum(best, other, out=best)
        total.add_(other)
    return labels, torch.isfinite(total).all()

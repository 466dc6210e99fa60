"""Voxel scores from softmax probabilities; torch tensors, results in nats."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 1 << 16
"""Voxels whose entropy is computed at a time."""


def entropy(probabilities: "Tensor") -> "Tensor":
    r"""Entropy of each voxel, ``H[p] = -sum_c p_c ln p_c`` with ``0 ln 0 = 0``.

    Args:
        probabilities: ``(C, Z, Y, X)``, or any shape with the classes first.

    Returns:
        ``(Z, Y, X)``, never negative: Shannon 1948, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
    """
    import torch

    flat = probabilities.detach().reshape(len(probabilities), -1)
    total = torch.empty_like(flat[0])
    # In chunks, so that temporaries fit in the cache. The bound keeps the logarithm of 0 finite, so
    # that 0 ln 0 = 0.
    smallest = torch.finfo(flat.dtype).tiny
    chunks = zip(torch.split(flat, CHUNK, dim=-1), torch.split(total, CHUNK), strict=True)
    for p, out in chunks:
        torch.sum(p.clamp(min=smallest).log_().mul_(p), dim=0, out=out)
        out.neg_().clamp_(min=0).add_(0)  # adding 0 turns -0 into 0
    return total.reshape(probabilities.shape[1:])


def expected_entropy(members: "Iterable[Tensor]") -> "Tensor":
    """Mean over the members of each voxel's entropy, ``mean_m H[p_m]``.

    Args:
        members: probabilities of one member after the other, ``(C, Z, Y, X)``; at least one.

    Returns:
        ``(Z, Y, X)``.
    """
    total: Tensor | None = None
    count = 0
    for member in members:
        added = entropy(member)
        total = added if total is None else total.add_(added)
        count += 1
    if total is None:
        raise ValueError("expected_entropy needs at least one member")
    return total.div_(count)


def mutual_information(mean: "Tensor", expected: "Tensor") -> "Tensor":
    """Mutual information between label and model, ``H[mean] - expected``, clipped at 0.

    Args:
        mean: mean over the members of their probabilities, ``(C, Z, Y, X)``.
        expected: the members' expected entropy, ``(Z, Y, X)``.

    Returns:
        ``(Z, Y, X)``: BALD, Houlsby et al. 2011, https://doi.org/10.48550/arXiv.1112.5745;
        for an ensemble Gal et al. 2017, https://doi.org/10.48550/arXiv.1703.02910.
    """
    return entropy(mean).sub_(expected).clamp_(min=0)

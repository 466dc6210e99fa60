"""The members' mean probability of the label that the ensemble gives a voxel."""

from typing import TYPE_CHECKING

import numpy as np

from nnactive.devices import is_gpu
from nnactive.nnunet.predict.segmentation import AT_ONCE, AT_ONCE_ON_GPU

if TYPE_CHECKING:
    import torch

LARGEST = 2**15 - 1


class MeanProbabilities:
    """Mean over the members of their softmax probabilities.

    All classes have to be kept until the last member, as only then the labels are known. Two bytes
    for each suffice: a fixed-point number is off by at most half of ``members / 32767``.
    """

    def __init__(self, members: int) -> None:
        """Start without a member.

        Args:
            members: how many will be added.
        """
        self._one = LARGEST // members
        """Stands for a member's probability of 1; no sum exceeds 16 bits."""
        self._members = members
        self._sums: torch.Tensor | None = None

    def add(self, logits: "torch.Tensor") -> None:
        """Add a member's logits ``(classes, Z, Y, X)``."""
        import torch

        if self._sums is None:
            self._sums = torch.zeros(logits.shape, dtype=torch.int16, device=logits.device)
        elif self._sums.device != logits.device:  # nnU-Net found no room on the device after all
            self._sums, logits = self._sums.cpu(), logits.cpu()
        step = _planes(logits)
        for first in range(0, logits.shape[1], step):
            slab = torch.softmax(logits[:, first : first + step], dim=0, dtype=torch.float32)
            self._sums[:, first : first + step] += slab.mul_(self._one).round_().to(torch.int16)

    def of(self, labels: np.ndarray) -> np.ndarray:
        """The mean probability of each voxel's label, float32 ``(Z, Y, X)``.

        Args:
            labels: ``(Z, Y, X)``.
        """
        import torch

        if self._sums is None:
            raise ValueError("no member was added")
        found = np.empty(labels.shape, dtype=np.float32)
        step = _planes(self._sums)
        for first in range(0, len(labels), step):
            here = slice(first, first + step)
            index = torch.from_numpy(labels[here]).to(self._sums.device, torch.int64)[None]
            found[here] = self._sums[:, here].gather(0, index)[0].cpu().numpy()
        found /= self._one * self._members
        return found


def _planes(values: "torch.Tensor") -> int:
    """Planes of ``(classes, Z, Y, X)`` to work on together."""
    classes, _, height, width = values.shape
    most = AT_ONCE_ON_GPU if is_gpu(str(values.device)) else AT_ONCE
    return max(1, most // (classes * height * width))

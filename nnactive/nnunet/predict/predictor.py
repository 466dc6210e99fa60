"""nnU-Net's predictor, with the mirrored copies of a small tile in one batch on a GPU."""

from itertools import combinations
from typing import Any

import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

from nnactive.devices import is_gpu

VOXELS_AT_ONCE = 128**3
"""Of a batch: a tile of this size keeps a GPU busy by itself."""


class Predictor(nnUNetPredictor):  # type: ignore[misc]
    """Predicts tiles as nnU-Net does, in fewer calls of the network where they are small.

    On a CPU tiles stay alone, so that labels stay nnU-Net's: torch takes other kernels for a batch,
    which round differently.
    """

    copies: int = 1
    """Mirrored copies of a tile that the network is given at once."""
    worn: object = None
    """The member whose weights the network has."""

    def manual_initialization(self, *args: Any, **kwargs: Any) -> None:
        """As nnU-Net's; then it is known how large a tile is."""
        super().manual_initialization(*args, **kwargs)
        voxels = 1
        for size in self.configuration_manager.patch_size:
            voxels *= int(size)
        if is_gpu(str(self.device)):
            self.copies = max(1, VOXELS_AT_ONCE // voxels)

    @torch.inference_mode()
    def _internal_maybe_mirror_and_predict(self, x: torch.Tensor) -> torch.Tensor:
        """The tile's logits, averaged over its mirrored copies in nnU-Net's order."""
        axes = (
            [axis + 2 for axis in self.allowed_mirroring_axes or ()] if self.use_mirroring else []
        )
        flips = [flip for n in range(len(axes) + 1) for flip in combinations(axes, n)]
        if self.copies == 1 or len(flips) == 1:
            alone: torch.Tensor = super()._internal_maybe_mirror_and_predict(x)
            return alone
        total = None
        for first in range(0, len(flips), self.copies):
            chunk = flips[first : first + self.copies]
            logits = self.network(torch.cat([torch.flip(x, flip) for flip in chunk]))
            for flip, one in zip(chunk, logits.split(1), strict=True):
                back = torch.flip(one, flip)
                total = back if total is None else total.add_(back)
        return total.div_(len(flips))  # type: ignore[union-attr]

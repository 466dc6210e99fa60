"""Region sampling: where to cut training patches from a partially labelled case."""

from typing import Any

import numpy as np
from nnunetv2.training.dataloading.data_loader import nnUNetDataLoader

from nnactive.nnunet.workers import tie_to_training


def shift_bounds(voxel: int, patch: int, extent: int) -> tuple[int, int]:
    """Bounds ``[low, high)`` of the random shift on one axis, in voxels (protocol section 3).

    >>> shift_bounds(voxel=3, patch=20, extent=50)
    (-3, 10)
    """
    half = patch // 2
    return -min(voxel, half), min(extent - voxel, half)


class RegionDataLoader(nnUNetDataLoader):  # type: ignore[misc]
    """nnU-Net's loader, with region sampling for the samples that are not oversampled.

    Oversampled samples are nnU-Net's: centred on a voxel of a random labelled foreground class. The
    others are centred on any labelled voxel and shifted at random, so that a labelled patch appears
    anywhere in the training patch. Draws use NumPy's global state, as in nnU-Net: a training sets
    it, and nnU-Net sets it anew in each of its workers.
    """

    def set_thread_id(self, thread_id: int) -> None:
        """Take part as one of several processes; each calls this first."""
        super().set_thread_id(thread_id)
        tie_to_training()

    def get_bbox(
        self,
        data_shape: Any,
        force_fg: bool,  # noqa: FBT001
        class_locations: dict[Any, Any] | None,
        overwrite_class: Any = None,
        verbose: bool = False,  # noqa: FBT001, FBT002
    ) -> tuple[list[int], list[int]]:
        """Lower and upper corner, in voxels of the image, of the training patch to cut."""
        if force_fg or class_locations is None:
            corners: tuple[list[int], list[int]] = super().get_bbox(
                data_shape, force_fg, class_locations, overwrite_class, verbose
            )
            return corners
        voxels = class_locations[self.annotated_classes_key]
        voxel = voxels[np.random.randint(len(voxels))][1:]  # noqa: NPY002
        lower = [
            self._corner(int(v), int(p), int(n), int(pad))
            for v, p, n, pad in zip(
                voxel, self.patch_size, data_shape, self.need_to_pad, strict=True
            )
        ]
        return lower, [low + int(p) for low, p in zip(lower, self.patch_size, strict=True)]

    @staticmethod
    def _corner(voxel: int, patch: int, extent: int, pad: int) -> int:
        low, high = shift_bounds(voxel, patch, extent)
        shift = int(np.random.randint(low, high))  # noqa: NPY002
        lowest = -max(pad, patch - extent) // 2
        return max(lowest, voxel + shift - patch // 2)

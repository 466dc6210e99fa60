"""The ensemble's predictions on disk, so that several methods share one pass over the images."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.io.files import atomic_path
from nnactive.pool.sources import Predict
from nnactive.query.prediction import FOLDED, Need, Prediction

if TYPE_CHECKING:
    from torch import Tensor

BYTES = 4
"""Of a float32."""


def disk_needed(voxels: Iterable[int], classes: int, needs: frozenset[str]) -> int:
    """Bytes that the predictions of images with so many ``voxels`` take on disk."""
    volumes = (Need.MEAN in needs) * classes + (Need.EXPECTED_ENTROPY in needs)
    return BYTES * volumes * sum(voxels)


@dataclass
class SharedPredictions:
    """Predictions of one ensemble, stored as they were computed, to the last bit."""

    folder: Path | None
    """Holds nothing but predictions of this ensemble on this device; None: none are stored."""
    wanted: frozenset[str]
    """What any of the methods needs; all of it is computed in one pass."""
    computed: int = 0
    """Images that were predicted here, as they weren't on disk."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def before(self, predict: Predict) -> Predict:
        """A predictor that asks ``predict`` only for what isn't on disk."""

        def shared(case: str, needs: frozenset[str]) -> Prediction:
            if not needs & FOLDED:
                return predict(case, needs)
            tensors = self._read(case, needs)
            if tensors is None:
                computed = (needs | self.wanted if self.folder else needs) & FOLDED
                whole = predict(case, computed)
                tensors = {need: getattr(whole, need) for need in computed}
                with suppress(OSError):  # a full disk: other methods predict again
                    self._write(case, tensors)
                with self._lock:
                    self.computed += 1
            return Prediction(
                case,
                tensors[Need.MEAN] if Need.MEAN in needs else None,
                tensors[Need.EXPECTED_ENTROPY] if Need.EXPECTED_ENTROPY in needs else None,
                lambda: predict(case, frozenset()).members(),
            )

        return shared

    def holds(self, case: str) -> bool:
        """Whether all that is wanted of an image is on disk."""
        folder = self.folder
        wanted = self.wanted & FOLDED
        return folder is not None and all(_file(folder, case, n).is_file() for n in wanted)

    def _read(self, case: str, needs: frozenset[str]) -> "dict[str, Tensor] | None":
        import numpy as np
        import torch

        if self.folder is None:
            return None
        files = {str(need): _file(self.folder, case, need) for need in needs & FOLDED}
        if not all(file.is_file() for file in files.values()):
            return None
        device = (self.folder / f"{case}.device").read_text(encoding="utf-8")
        return {need: torch.from_numpy(np.load(file)).to(device) for need, file in files.items()}

    def _write(self, case: str, tensors: "dict[str, Tensor]") -> None:
        import numpy as np

        if self.folder is None:
            return
        device = next(iter(tensors.values())).device
        with atomic_path(self.folder / f"{case}.device") as draft:
            draft.write_text(str(device), encoding="utf-8")
        for need, tensor in tensors.items():
            with atomic_path(_file(self.folder, case, need)) as draft:
                np.save(draft, tensor.cpu().numpy())


def _file(folder: Path, case: str, need: str) -> Path:
    return folder / f"{case}.{need}.npy"

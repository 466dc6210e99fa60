"""Prediction with a model folder exactly as `nnUNetv2_predict` does it, from arrays."""

from pathlib import Path
from typing import Any

import numpy as np

from nnactive.geometry import Spacing
from nnactive.nnunet.environment import quiet


class StockPredictor:
    """Stock nnU-Net's predictor with a model folder's folds and the command's defaults."""

    def __init__(self, model: Path, folds: int, device: str) -> None:
        """Load the model.

        Args:
            model: the folder with ``plans.json`` and ``fold_0``, ``fold_1``, ...
            folds: how many.
            device: where to predict, as ``pick_device`` gives it.
        """
        import torch
        from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

        with quiet():
            self._predictor: Any = nnUNetPredictor(device=torch.device(device), allow_tqdm=False)
            self._predictor.initialize_from_trained_model_folder(str(model), tuple(range(folds)))

    def labels(self, image: np.ndarray, spacing: Spacing) -> np.ndarray:
        """The segmentation of an image in its own grid.

        Args:
            image: ``(C, Z, Y, X)`` as SimpleITK reads it, of any number type.
            spacing: mm, (z, y, x).

        Returns:
            uint8 ``(Z, Y, X)``; uint16 from 255 classes on.
        """
        with quiet():
            found = self._predictor.predict_single_npy_array(image, {"spacing": list(spacing)})
        return np.asarray(found)

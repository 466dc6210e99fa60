"""Prediction with a model folder exactly as `nnUNetv2_predict` does it, from arrays."""

from pathlib import Path
from typing import Any

import numpy as np

from nnactive.geometry import Spacing
from nnactive.nnunet.environment import quiet


class StockPredictor:
    """Stock nnU-Net's predictor with a model folder's folds and the command's defaults."""

    def __init__(self, model: Path, folds: int, device: str, threads: int = 1) -> None:
        """Load the model.

        Args:
            model: the folder with ``plans.json`` and ``fold_0``, ``fold_1``, ...
            folds: how many.
            device: where to predict, as ``pick_device`` gives it.
            threads: of torch on the CPU, from now on in this process.
        """
        import torch
        from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

        self._threads = threads
        torch.set_num_threads(threads)
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
        from nnunetv2.inference.data_iterators import PreprocessAdapterFromNpy
        from nnunetv2.inference.export_prediction import (
            convert_predicted_logits_to_segmentation_with_correct_shape as segmented,
        )

        # As predict_single_npy_array, which takes eight threads to put labels in the image's grid.
        stock = self._predictor
        plans, configuration = stock.plans_manager, stock.configuration_manager
        with quiet():
            case = next(
                PreprocessAdapterFromNpy(
                    [image],
                    [None],
                    [{"spacing": list(spacing)}],
                    [None],
                    plans,
                    stock.dataset_json,
                    configuration,
                )
            )
            found = segmented(
                stock.predict_logits_from_preprocessed_data(case["data"]).cpu(),
                plans,
                configuration,
                stock.label_manager,
                case["data_properties"],
                num_threads_torch=self._threads,
            )
        return np.asarray(found)

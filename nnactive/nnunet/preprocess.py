"""Resampling and normalising one case with nnU-Net's functions."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.geometry import Spacing

if TYPE_CHECKING:
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager


def shape_after_crop(image: np.ndarray) -> tuple[int, ...]:
    """Shape ``(Z, Y, X)`` of an image ``(C, Z, Y, X)`` after cropping to its non-zero box."""
    from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero

    return tuple(int(n) for n in crop_to_nonzero(image)[0].shape[1:])


def resample(
    image: np.ndarray,
    label: np.ndarray,
    spacing: Spacing,
    target: Spacing,
    transpose: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Transpose, crop to non-zero and resample one case, without normalisation (section 2).

    Args:
        image: ``(C, Z, Y, X)``.
        label: ``(Z, Y, X)``, whole numbers from 0.
        spacing: mm, (z, y, x), as in the file.
        target: mm, in the axis order after transposition.
        transpose: nnU-Net's ``transpose_forward``.

    Returns:
        Image float32 ``(C, Z, Y, X)`` and label int16 ``(Z, Y, X)``; voxels outside the non-zero
        mask, which nnU-Net marks -1, become background.
    """
    from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor

    manager = _resampling_plans(tuple(target), tuple(transpose), image.shape[0])
    labels = {"background": 0} | {str(v): v for v in range(1, int(label.max()) + 1)}
    resampled, segmentation, _ = DefaultPreprocessor(verbose=False).run_case_npy(
        image,
        label[None],
        {"spacing": list(spacing)},
        manager,
        manager.get_configuration("3d_fullres"),
        {"labels": labels},
    )
    return (
        np.ascontiguousarray(resampled, dtype=np.float32),
        np.maximum(segmentation[0], 0).astype(np.int16),
    )


def resample_label(
    label: np.ndarray,
    spacing: Spacing,
    target: Spacing,
    transpose: Sequence[int],
    outside: np.ndarray | None = None,
) -> np.ndarray:
    """Transpose and resample a label map of a cropped image, to what `resample` makes of it.

    Args:
        label: ``(Z, Y, X)``, whole numbers from 0.
        spacing: mm, (z, y, x), as in the file.
        target: mm, in the axis order after transposition.
        transpose: nnU-Net's ``transpose_forward``.
        outside: bool ``(Z, Y, X)``, where the image is outside its non-zero mask; None: nowhere.

    Returns:
        int16 ``(Z, Y, X)``.
    """
    marked = label.astype(np.int16)
    if outside is not None:
        marked[(marked == 0) & outside] = -1
    marked = marked.transpose(transpose)
    current = [spacing[axis] for axis in transpose]
    sides = zip(current, target, marked.shape, strict=True)
    shape = [round(a / b * n) for a, b, n in sides]
    if shape != list(marked.shape):
        plans = _resampling_plans(tuple(target), tuple(transpose), 1)
        resampling = plans.get_configuration("3d_fullres").resampling_fn_seg
        marked = resampling(marked[None], shape, current, list(target))[0]
    return np.ascontiguousarray(np.maximum(marked, 0), dtype=np.int16)


def normalise(image: np.ndarray, plans: dict[str, Any]) -> np.ndarray:
    """Image as the network receives it, by the plans' ``3d_fullres``, float32 ``(C, Z, Y, X)``.

    Raises:
        AssertionError: if the plans require a mask, which those of a cropped pool never do.
    """
    from nnunetv2.preprocessing.normalization import default_normalization_schemes

    configuration = plans["configurations"]["3d_fullres"]
    if any(configuration["use_mask_for_norm"]):
        raise AssertionError("plans of a cropped pool require a mask for normalisation")
    statistics = plans["foreground_intensity_properties_per_channel"]
    result = np.empty(image.shape, np.float32)
    for channel, name in enumerate(configuration["normalization_schemes"]):
        scheme = getattr(default_normalization_schemes, name)(
            use_mask_for_norm=False, intensityproperties=statistics[str(channel)]
        )
        result[channel] = scheme.run(image[channel].copy())
    return result


@lru_cache(maxsize=8)
def _resampling_plans(target: Spacing, transpose: tuple[int, ...], channels: int) -> "PlansManager":
    """Plans with which nnU-Net's preprocessor only resamples."""
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    def resampling(order: int, *, is_seg: bool) -> dict[str, Any]:
        return {"is_seg": is_seg, "order": order, "order_z": 0, "force_separate_z": None}

    configuration = {
        "spacing": list(target),
        "normalization_schemes": ["NoNormalization"] * channels,
        "use_mask_for_norm": [False] * channels,
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": resampling(3, is_seg=False),
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_seg_kwargs": resampling(1, is_seg=True),
        "architecture": {},
    }
    return PlansManager(
        {
            "transpose_forward": list(transpose),
            "foreground_intensity_properties_per_channel": {str(c): {} for c in range(channels)},
            "label_manager": "LabelManager",
            "configurations": {"3d_fullres": configuration},
        }
    )

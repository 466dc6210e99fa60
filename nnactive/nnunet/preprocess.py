"""Resampling and normalising one case with nnU-Net's functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from nnactive.geometry import Spacing, Triple, as_triple

if TYPE_CHECKING:
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

LEAST: Final = 1e-8
"""Least range that nnU-Net divides by."""


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


@dataclass(frozen=True)
class Cropped:
    """An image without a label: resampled, and what was cropped."""

    image: np.ndarray
    """float32 ``(C, Z, Y, X)``, as `resample` makes it."""
    start: Triple
    """First voxel of the non-zero box, in the file's axes."""
    size: Triple
    """Its size."""
    outside: np.ndarray | None
    """bool, of shape ``size``: outside the image's non-zero mask; None: nowhere."""


def resample_image(
    image: np.ndarray, spacing: Spacing, target: Spacing, transpose: Sequence[int]
) -> Cropped:
    """Crop to non-zero, transpose and resample an image of which no label is known.

    Args:
        image: ``(C, Z, Y, X)``, with a voxel other than 0.
        spacing: mm, (z, y, x), as in the file.
        target: mm, in the axis order after transposition.
        transpose: nnU-Net's ``transpose_forward``.
    """
    from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero

    inner, marks, box = crop_to_nonzero(image.astype(np.float32, copy=False))
    outside = marks[0] < 0
    moved = inner.transpose([0, *(axis + 1 for axis in transpose)])
    current = [spacing[axis] for axis in transpose]
    plans = _resampling_plans(tuple(target), tuple(transpose), len(image))
    resampling = plans.get_configuration("3d_fullres").resampling_fn_data
    shape = resampled_shape(moved.shape[1:], current, target)
    resampled = resampling(moved, shape, current, list(target))
    return Cropped(
        np.ascontiguousarray(resampled, dtype=np.float32),
        as_triple(low for low, _ in box),
        as_triple(inner.shape[1:]),
        outside if outside.any() else None,
    )


def resampled_shape(
    shape: Sequence[int], spacing: Sequence[float], target: Sequence[float]
) -> list[int]:
    """Shape that nnU-Net gives an image; all in one order of axes."""
    return [round(a / b * n) for a, b, n in zip(spacing, target, shape, strict=True)]


def nearest_axis(spacing: Spacing, target: Spacing) -> int | None:
    """The axis along which nnU-Net takes the nearest voxel and doesn't interpolate, if any.

    Args:
        spacing: mm, of the image, after transposition.
        target: mm, in the same order.
    """
    from nnunetv2.preprocessing.resampling.default_resampling import determine_do_sep_z_and_axis

    separate, axis = determine_do_sep_z_and_axis(None, spacing, target)
    return int(axis) if separate else None


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
    shape = resampled_shape(marked.shape, current, target)
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


def intensities(
    image: np.ndarray, plans: dict[str, Any]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How `normalise` changes an image's intensities, by channel.

    Args:
        image: ``(C, Z, Y, X)``, resampled and not normalised.
        plans: as for `normalise`.

    Returns:
        Scale and offset: intensity = scale x normalised + offset, but for what was clipped.
    """
    statistics = plans["foreground_intensity_properties_per_channel"]
    names = plans["configurations"]["3d_fullres"]["normalization_schemes"]
    found = [
        _intensities(name, image[channel], statistics[str(channel)])
        for channel, name in enumerate(names)
    ]
    return tuple(scale for scale, _ in found), tuple(offset for _, offset in found)


def _intensities(
    scheme: str, channel: np.ndarray, statistics: dict[str, float]
) -> tuple[float, float]:
    low, high = float(channel.min()), float(channel.max())
    match scheme:
        case "ZScoreNormalization":
            return max(float(channel.std()), LEAST), float(channel.mean())
        case "CTNormalization":
            return max(statistics["std"], LEAST), statistics["mean"]
        case "RescaleTo01Normalization":
            return max(high - low, LEAST), low
        case "RGBTo01Normalization":
            return 255.0, 0.0
    return 1.0, 0.0


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

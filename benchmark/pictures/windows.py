"""Which intensities are black and which white, by modality."""

from collections.abc import Mapping
from typing import Any

import numpy as np

SOFT_TISSUE = (-160.0, 240.0)
"""Hounsfield units: the usual window for the abdomen."""
SHARES = (0.5, 99.5)
"""Percentiles that are black and white where intensities have no unit."""


def window(channel: str, statistics: Mapping[str, Any], image: np.ndarray) -> tuple[float, float]:
    """Intensities of a prepared image's first channel that are black and white.

    Args:
        channel: its name; ``CT`` has Hounsfield units.
        statistics: the plans' intensity statistics of the channel, by which nnU-Net normalises CT.
        image: the channel as it is stored, normalised.
    """
    if channel.casefold() == "ct":
        mean, std = float(statistics["mean"]), max(float(statistics["std"]), 1e-8)
        # nnU-Net clips before it normalises: nothing lies beyond these percentiles.
        low, high = (float(statistics[f"percentile_{name}"]) for name in ("00_5", "99_5"))
        black, white = max(SOFT_TISSUE[0], low), min(SOFT_TISSUE[1], high)
        if black < white:
            return (black - mean) / std, (white - mean) / std
    black, white = np.percentile(image, SHARES)
    return float(black), float(white)


def windowed(image: np.ndarray, black: float, white: float) -> np.ndarray:
    """Intensities as shades in [0, 1], float32; all 0 where black is white."""
    if white <= black:
        return np.zeros(image.shape, np.float32)
    shades = image.astype(np.float32)
    shades -= np.float32(black)
    shades /= np.float32(white - black)
    return np.clip(shades, 0, 1, out=shades)

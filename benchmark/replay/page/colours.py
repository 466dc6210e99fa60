"""Colours of images, labels and scores."""

import numpy as np

CLASSES = ("#e0701a", "#1a9bd7", "#2fae5f", "#d05fae", "#c9a800", "#7a6fe0", "#d94545", "#5fb8b0")
"""Colours of foreground classes, in label order, over and over."""
OPACITY = 150
"""Of labels, from 0 to 255."""
SCALE = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
"""Colours of a score from its lowest to its highest value, evenly spaced; after viridis."""
SHARES = (0.5, 99.5)
"""Percentiles of an image that are black and white."""


def window(image: np.ndarray) -> tuple[float, float]:
    """Intensities of an image ``(Z, Y, X)`` that are black and white."""
    low, high = np.percentile(image[::2, ::2, ::2], SHARES)
    return float(low), float(high)


def grey(plane: np.ndarray, black: float, white: float) -> np.ndarray:
    """A plane in shades of grey, uint8 ``(rows, columns, 3)``."""
    shade = (_unit(plane, black, white) * 255).astype(np.uint8)
    return np.repeat(shade[..., None], 3, axis=2)


def scored(plane: np.ndarray, low: float, high: float) -> np.ndarray:
    """A plane of scores in colours, uint8 ``(rows, columns, 4)``; ``-inf`` is transparent."""
    finite = np.isfinite(plane)
    at = _unit(np.where(finite, plane, low), low, high)
    steps = np.linspace(0, 1, len(SCALE))
    anchors = np.array([_rgb(colour) for colour in SCALE])
    channels = [np.interp(at, steps, anchors[:, channel]) for channel in range(3)]
    return np.stack([*channels, np.where(finite, 255, 0)], axis=2).astype(np.uint8)


def labelled(plane: np.ndarray) -> np.ndarray:
    """A plane of labels in colours, uint8 ``(rows, columns, 4)``; background is transparent."""
    colours = np.array([_rgb(class_colour(label)) for label in range(1, len(CLASSES) + 1)])
    found = colours[(plane.clip(min=1) - 1) % len(CLASSES)]
    opacity = np.where(plane > 0, OPACITY, 0)[..., None]
    return np.concatenate([found, opacity], axis=2).astype(np.uint8)


def class_colour(label: int) -> str:
    """Colour of a foreground class, for CSS."""
    return CLASSES[(label - 1) % len(CLASSES)]


def _unit(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values from ``low`` to ``high`` as 0 to 1; all 0 if the two are equal."""
    spread = high - low
    return np.clip((values - low) / spread, 0, 1) if spread > 0 else np.zeros(values.shape)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))

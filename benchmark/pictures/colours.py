"""Colours of images, labels and scores."""

from collections.abc import Sequence

import numpy as np

CLASSES = ("#e0701a", "#1a9bd7", "#2fae5f", "#d05fae", "#c9a800", "#7a6fe0", "#d94545", "#5fb8b0")
"""Colours of foreground classes, in label order, over and over."""
OUTLINE = (255, 255, 255)
"""Of a patch: far from the colours of all classes, for the colour-blind, too."""
EDGE = (0, 0, 0)
"""Around that, so that it shows on bright images."""
OPACITY = 150
"""Of labels, from 0 to 255."""
SCALE = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
"""Colours of a score from its lowest to its highest value, evenly spaced; after viridis."""


def scored(plane: np.ndarray, low: float, high: float) -> np.ndarray:
    """A plane of scores in colours, uint8 ``(rows, columns, 4)``; ``-inf`` is transparent."""
    finite = np.isfinite(plane)
    at = _unit(np.where(finite, plane, low), low, high)
    steps = np.linspace(0, 1, len(SCALE))
    anchors = np.array([rgb(colour) for colour in SCALE])
    channels = [np.interp(at, steps, anchors[:, channel]) for channel in range(3)]
    return np.stack([*channels, np.where(finite, 255, 0)], axis=2).astype(np.uint8)


def labelled(plane: np.ndarray) -> np.ndarray:
    """A plane of labels in colours, uint8 ``(rows, columns, 4)``; background is transparent."""
    found = class_colours(plane.clip(min=1))
    opacity = np.where(plane > 0, OPACITY, 0)[..., None]
    return np.concatenate([found, opacity], axis=2).astype(np.uint8)


def class_colours(labels: np.ndarray) -> np.ndarray:
    """Colours of foreground labels of any shape, uint8 ``(..., 3)``."""
    colours = np.array([rgb(colour) for colour in CLASSES], np.uint8)
    found: np.ndarray = colours[(labels - 1) % len(CLASSES)]
    return found


def class_colour(label: int) -> str:
    """Colour of a foreground class, for CSS."""
    return CLASSES[(label - 1) % len(CLASSES)]


def blend(colours: Sequence[str], share: float) -> tuple[int, int, int]:
    """The colour at a share from 0 to 1 of the way from the first to the last of some."""
    steps = np.linspace(0, 1, len(colours))
    anchors = np.array([rgb(colour) for colour in colours])
    red, green, blue = (round(np.interp(share, steps, anchors[:, n])) for n in range(3))
    return red, green, blue


def hexadecimal(colour: Sequence[int]) -> str:
    """Three numbers as a colour for CSS.

    >>> hexadecimal((224, 112, 26))
    '#e0701a'
    """
    return "#" + bytes(colour).hex()


def _unit(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values from ``low`` to ``high`` as 0 to 1; all 0 if the two are equal."""
    spread = high - low
    return np.clip((values - low) / spread, 0, 1) if spread > 0 else np.zeros(values.shape)


def rgb(colour: str) -> tuple[int, ...]:
    """A colour such as ``#e0701a`` as three numbers."""
    return tuple(bytes.fromhex(colour.removeprefix("#")))

"""The look of methods: colour, dashes and marker."""

from dataclasses import dataclass

COLOURS = ("#1a6fb5", "#e0701a", "#0b8a63", "#d06fb0", "#6f7780", "#a98300", "#6f5fd0")
"""After Okabe and Ito; each has a contrast of at least 3 on the light and on the dark page."""
DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 3), (8, 3, 2, 3))
"""Lengths of dash and gap in points."""
MARKERS = (
    "circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right",
    "triangle-left",
)  # fmt: skip
"""As Vega names them."""


@dataclass(frozen=True)
class Style:
    """Look of one method in every figure of the page."""

    colour: str
    dashes: tuple[int, ...]
    marker: str


def style_of(index: int) -> Style:
    """Style of the ``index``-th method; no two of 56 share both colour and marker."""
    return Style(
        COLOURS[index % len(COLOURS)],
        DASHES[index % len(DASHES)],
        MARKERS[index % len(MARKERS)],
    )

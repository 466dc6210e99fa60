"""How lines are told apart: by colour, dashes and marker at once."""

from dataclasses import dataclass

COLOURS = ("#0072b2", "#d55e00", "#007f5f", "#aa4499", "#1a1a1a", "#9a6a00", "#5b4fc7")
"""After Okabe and Ito, darkened to a contrast of at least 3 on white."""
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<")


@dataclass(frozen=True)
class LineStyle:
    """Look of one method's line."""

    colour: str
    dashes: str
    marker: str


def style_of(index: int) -> LineStyle:
    """Style of the ``index``-th method; no two of 63 share both colour and marker."""
    return LineStyle(
        COLOURS[index % len(COLOURS)],
        DASHES[index % len(DASHES)],
        MARKERS[index % len(MARKERS)],
    )

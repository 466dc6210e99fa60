"""The look of figures: colours, dashes and markers of methods, shades of matrices."""

from dataclasses import dataclass

ACCENT = "#1a6fb5"
"""Of what is to be seen first."""
COLOURS = ("#1a6fb5", "#c38900", "#00a663", "#cb0029", "#9900ff", "#9e4773", "#8f73ff")
"""None is grey; each has a contrast of at least 3 on the light and on the dark page, and any two
differ for people with protanopia, deuteranopia or tritanopia, too."""
DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 3), (8, 3, 2, 3), (12, 3))
"""Lengths of dash and gap in points."""
MARKERS = (
    "circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right",
    "triangle-left",
)  # fmt: skip
"""As Vega names them."""
DISTINCT = len(COLOURS) * len(MARKERS)
"""So many methods differ in colour or marker."""
MOST = 20
"""Methods that a figure shows at most; its caption says how many it leaves out."""

LINEAR_UP_TO = 0.04045
"""Of sRGB."""
INKS = ("#0b0f14", "#ffffff")
HEAT = (
    "#f1f6fc", "#d6e7f6", "#bcd7f0", "#a1c8ea", "#86b8e3", "#6aa9dc", "#558fc5", "#4176ae",
    "#2e5e97", "#1c4681", "#0a2f6b",
)  # fmt: skip
"""Shades from 0 to 1 in steps of .1 on the light page and on paper, in even steps of OKLab."""
DARK_HEAT = (
    "#18222d", "#1e3043", "#233f5b", "#274e74", "#2b5e8d", "#2f6ea8", "#5085ba", "#709dcb",
    "#8fb5dc", "#afcdee", "#cfe6ff",
)  # fmt: skip
"""The same on the dark page."""


@dataclass(frozen=True)
class Style:
    """Look of one method in every figure of the page."""

    colour: str
    dashes: tuple[int, ...]
    marker: str


def style_of(index: int) -> Style:
    """Style of the ``index``-th method.

    No two of ``DISTINCT`` in a row share both colour and marker, no two of 280 the dashes as well.
    """
    return Style(
        COLOURS[index % len(COLOURS)],
        DASHES[index % len(DASHES)],
        MARKERS[index % len(MARKERS)],
    )


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` in [0, 1] (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= LINEAR_UP_TO else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ink_on(shade: str) -> str:
    """The colour in which text on a shade is read best."""
    return max(INKS, key=lambda ink: contrast(ink, shade))


def shade(step: int) -> str:
    """A shade by its step (0 to 10): light in a figure's own file, by theme on the page."""
    return f"var(--heat-{step},{HEAT[step]})"


def shade_ink(step: int) -> str:
    """The colour of text on ``shade``."""
    return f"var(--heat-ink-{step},{ink_on(HEAT[step])})"


def shade_rules() -> str:
    """Style sheet of the shades: dark ones on a dark screen, light ones elsewhere."""
    dark = "".join(
        f"--heat-{step}:{colour};--heat-ink-{step}:{ink_on(colour)};"
        for step, colour in enumerate(DARK_HEAT)
    )
    return f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"

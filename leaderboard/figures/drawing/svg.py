"""Small SVG: whole coordinates, few attributes, text in the page's own colour.

Two units are a point, so that whole numbers suffice. Text and axes take ``currentColor``: one
drawing serves the light page, the dark page and print.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate, pairwise

from leaderboard.figures.styles import Style

WIDTH = 880
FONT = 24
LETTER = 14.4
"""Mean width of a letter at ``FONT``."""
WIDE = "[WM@\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\U0001f000-\U0003fffd]"
"""Characters that take the place of two letters: the pattern is the script's, too."""
SHAPES = {
    "circle": (-7, 0, "a7,7 0 1 0 14,0a7,7 0 1 0-14,0"),
    "square": (-6, -6, "h12v12h-12z"),
    "triangle-up": (-8, 6, "h16l-8-14z"),
    "diamond": (0, -9, "l9,9-9,9-9-9z"),
    "triangle-down": (-8, -6, "h16l-8,14z"),
    "cross": (-3, -9, "h6v6h6v6h-6v6h-6v-6h-6v-6h6z"),
    "triangle-right": (-6, -8, "v16l14-8z"),
    "triangle-left": (6, -8, "v16l-14-8z"),
}
"""By marker: offset of its start from the point, and an outline that ends where it began."""
LINES = 'fill="none" stroke-width="3"'
Point = tuple[float, float]


def document(
    body: Iterable[str],
    height: float,
    description: str,
    width: float = WIDTH,
    widths: tuple[float, float] | None = None,
) -> str:
    """One ``<svg>`` that scales with its container; screen readers read ``description``.

    ``widths`` are the least and the greatest in points; below the least its container scrolls.
    """
    least, most = map(round, widths or (0, 0))
    kept = f' style="min-width:{least}px;max-width:{most}px"' if widths else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {round(width)} {round(height)}" '
        f'role="img" aria-label="{escape(description)}" font-family="system-ui,sans-serif" '
        f'font-size="{FONT}" fill="currentColor"{kept}>{"".join(body)}</svg>'
    )


def group(parts: Sequence[str], attributes: str) -> str:
    """The parts under common attributes; empty for none."""
    return f"<g {attributes}>{''.join(parts)}</g>" if parts else ""


def text(
    x: float, y: float, words: str, anchor: str = "", *, turned: bool = False, extra: str = ""
) -> str:
    """Words at a place; ``anchor`` is ``middle`` or ``end``, ``turned`` reads upwards."""
    turn = f' transform="rotate(-90 {round(x)} {round(y)})"' if turned else ""
    side = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{round(x)}" y="{round(y)}"{side}{turn}{extra}>{escape(words)}</text>'


def clipped(words: str, width: float, font: float = FONT) -> str:
    """The words, truncated to fit.

    >>> clipped("abcdef", 5 * LETTER), clipped("WWW", 5 * LETTER)
    ('abcd…', 'WW…')
    """
    room = max(1, int(width / (font * LETTER / FONT)))
    ends = list(accumulate(2 if re.match(WIDE, sign) else 1 for sign in words))
    if not ends or ends[-1] <= room:
        return words
    return words[: sum(end < room for end in ends)] + "\N{HORIZONTAL ELLIPSIS}"


def line(points: Sequence[Point], *, closed: bool = False) -> str:
    """Path data through the points, relative and whole."""
    whole = [(round(x), round(y)) for x, y in points]
    steps = [f"{x - a},{y - b}" for (a, b), (x, y) in pairwise(whole)]
    data = f"M{whole[0][0]},{whole[0][1]}" + (f"l{' '.join(steps)}" if steps else "")
    return data.replace(",-", "-").replace(" -", "-") + ("z" if closed else "")


def dots(points: Sequence[Point]) -> str:
    """Path data of round dots, for a stroke with round caps."""
    return _repeated(sorted((round(x), round(y)) for x, y in points), "h0")


def markers(points: Sequence[Point], style: Style) -> str:
    """Path data of the style's markers."""
    aside, above, outline = SHAPES[style.marker]
    return _repeated([(round(x) + aside, round(y) + above) for x, y in points], outline)


def _repeated(places: Sequence[tuple[int, int]], outline: str) -> str:
    """The outline at every place, each relative to the previous one."""
    parts = [f"M{x},{y}" for x, y in places[:1]]
    parts += [f"m{x - a},{y - b}" for (a, b), (x, y) in pairwise(places)]
    return "".join(part + outline for part in parts).replace(",-", "-")


def dashed(style: Style) -> str:
    """Attribute for the style's dashes, empty for a full line."""
    lengths = ",".join(str(2 * length) for length in style.dashes)
    return f' stroke-dasharray="{lengths}"' if lengths else ""


@dataclass(frozen=True)
class Scale:
    """Linear map from data to the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Position of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """About ``wanted`` round numbers inside the range.

    >>> ticks(61.3, 84.9)
    [65.0, 70.0, 75.0, 80.0]
    """
    raw = (high - low) / wanted
    power = 10.0 ** _exponent(raw)
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= raw * (1 - 1e-9))
    first = -int(-low // step) if low >= 0 else int(low / step)
    found = [round(n * step, 10) for n in range(first, first + 3 * wanted)]
    return [value for value in found if low - 1e-9 * step <= value <= high + 1e-9 * step]


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def tick_text(value: float) -> str:
    """Shortest text of a tick."""
    return f"{value:.10g}"

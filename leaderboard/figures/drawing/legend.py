"""Names next to their lines, in columns below a figure.

Swatches are part of the paths that they explain, so that no attribute is written twice.
"""

from collections.abc import Iterator, Sequence

from leaderboard.figures.drawing.svg import FONT, WIDTH, Point, clipped, text

SWATCH = 52
MANY = 10
"""With more names the legend is more compact."""


class Legend:
    """Positions of ``names`` from ``top`` downwards."""

    def __init__(self, names: Sequence[str], top: float) -> None:
        self.names, self.top = names, top
        many = len(names) > MANY
        self.columns, self.line, self.font = (3, 23, 18) if many else (2, 30, FONT)
        self.rows = -(-len(names) // self.columns)
        self.bottom = top + self.line * self.rows + 6

    def place(self, index: int) -> Point:
        """Middle of a swatch, where its marker goes."""
        column, row = divmod(index, self.rows)
        x = column * WIDTH / self.columns + 8 + SWATCH / 2
        return x, self.top + self.line * (row + 0.5)

    def swatch(self, index: int) -> str:
        """Path data of the line through the marker."""
        x, y = self.place(index)
        return f"M{round(x - SWATCH / 2)},{round(y)}h{SWATCH}"

    def words(self) -> Iterator[str]:
        """The names as SVG."""
        extra = "" if self.font == FONT else f' font-size="{self.font}"'
        for index, name in enumerate(self.names):
            x, y = self.place(index)
            room = (WIDTH / self.columns - SWATCH - 30) * FONT / self.font
            place = (x + SWATCH / 2 + 12, y + self.font / 3)
            yield text(*place, clipped(name, room), extra=extra)

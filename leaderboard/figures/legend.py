"""Names beside their lines, in columns beneath a figure.

The swatches join the paths of the lines that they explain: no attribute is written twice.
"""

from collections.abc import Iterator, Sequence

from leaderboard.figures.svg import WIDTH, Point, clipped, text

COLUMNS, LINE, SWATCH = 2, 30, 52


class Legend:
    """Places for ``names`` from ``top`` downwards."""

    def __init__(self, names: Sequence[str], top: float) -> None:
        self.names, self.top = names, top
        self.rows = -(-len(names) // COLUMNS)
        self.bottom = top + LINE * self.rows + 6

    def place(self, index: int) -> Point:
        """Middle of a swatch: where its marker belongs."""
        column, row = divmod(index, self.rows)
        return column * WIDTH / COLUMNS + 8 + SWATCH / 2, self.top + LINE * (row + 0.5)

    def swatch(self, index: int) -> str:
        """Path data of the line through the marker."""
        x, y = self.place(index)
        return f"M{round(x - SWATCH / 2)},{round(y)}h{SWATCH}"

    def words(self) -> Iterator[str]:
        """The names as SVG."""
        for index, name in enumerate(self.names):
            x, y = self.place(index)
            room = WIDTH / COLUMNS - SWATCH - 30
            yield text(x + SWATCH / 2 + 12, y + 8, clipped(name, room))

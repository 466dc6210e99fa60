"""Places of labels, so that none covers another."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from leaderboard.figures.drawing.svg import Point


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, in their order, at least ``apart``, from ``low`` to ``high``.

    Where there is no room for all, they are as far apart as there is.

    >>> spread([10, 11, 40], apart=6, low=0, high=50)
    [7.5, 13.5, 40.0]
    """
    order = sorted(range(len(wanted)), key=lambda n: (wanted[n], n))
    apart = min(apart, (high - low) / max(1, len(order) - 1))
    # Groups of neighbours that touch: each is centred on what its members want.
    blocks: list[list[int]] = []
    tops: list[float] = []
    for number in order:
        blocks.append([number])
        tops.append(min(max(wanted[number], low), high))
        while len(blocks) > 1 and tops[-2] + apart * len(blocks[-2]) > tops[-1]:
            joined = blocks[-2] + blocks[-1]
            middle = sum(wanted[n] - apart * place for place, n in enumerate(joined)) / len(joined)
            top = min(max(middle, low), high - apart * (len(joined) - 1))
            blocks[-2:], tops[-2:] = [joined], [top]
    found = [0.0] * len(wanted)
    for block, top in zip(blocks, tops, strict=True):
        for place, number in enumerate(block):
            found[number] = float(top + apart * place)
    return found


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    left: float
    top: float
    width: float
    height: float

    def covers(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )

    def inside(self, other: "Box") -> bool:
        """Whether it lies in the other."""
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.left + self.width <= other.left + other.width
            and self.top + self.height <= other.top + other.height
        )


DISTANCES = (6, 16, 30, 48, 70, 96, 130)
"""From a point's edge to its label; further ones get a line that leads to them."""
DETOUR = 20
"""A label goes past so many nearer places (8 a distance) to avoid covering a line."""
MARK = 11
"""Half the room that a point takes."""


def beside(
    points: Sequence[Point], sizes: Sequence[Point], area: Box, avoided: Sequence[Box] = ()
) -> list[Box | None]:
    """For each point a place for its label that covers no point and no other label.

    Greedy: the first points choose first, the nearest place first. Points without a free place
    get None.

    Args:
        points: to be labelled; the most important first.
        sizes: width and height of the labels; a width of 0 asks for none.
        area: in which labels must lie.
        avoided: what labels cover only where there is no other place nearby.
    """
    taken = [Box(x - MARK, y - MARK, 2 * MARK, 2 * MARK) for x, y in points]
    found: list[Box | None] = []
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        spots = enumerate(_around(x, y, width, height) if width else [])
        free = [
            (spot + DETOUR * any(map(box.covers, avoided)), box)
            for spot, box in spots
            if box.inside(area) and not any(map(box.covers, taken))
        ]
        place = min(free, key=lambda each: each[0])[1] if free else None
        if place:
            taken.append(place)
        found.append(place)
    return found


def _around(x: float, y: float, width: float, height: float) -> list[Box]:
    spots = []
    for distance in DISTANCES:
        away = MARK + distance
        right, left, middle = x + away, x - away - width, x - width / 2
        tops = (y - height / 2, y - away - height + MARK, y + away - MARK)
        spots += [Box(side, top, width, height) for top, side in product(tops, (right, left))]
        spots += [Box(middle, top, width, height) for top in (y - away - height, y + away)]
    return spots

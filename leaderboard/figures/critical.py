"""Critical-difference diagram (Demsar 2006): mean ranks, bars over methods that don't differ."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderboard.figures.drawing.svg import FONT, LETTER, Scale, clipped, document, text
from leaderboard.figures.styles import MOST
from leaderboard.formatting import fixed

WIDTH, SIDE, AXIS, LINE, BAR, LONGEST = 1000, 300, 110, 34, 12, 18
APART = 44
"""Least distance of two ticks, so that their labels don't touch."""


@dataclass(frozen=True)
class Placed:
    """A method with its mean rank."""

    key: str
    name: str
    mean_rank: float


def critical_difference(
    methods: Sequence[Placed],
    groups: Sequence[Sequence[str]],
    difference: float,
    description: str,
    most: int = MOST,
) -> str:
    """SVG of the first ``most`` methods: best mean rank on the left, a thick bar over each group.

    The bar of a group that goes on to methods that aren't shown goes on, thinner, to the edge.
    """
    ordered = sorted(methods, key=lambda method: (method.mean_rank, method.name))
    order = ordered[:most]
    worst = max(2, len(order), math.ceil(order[-1].mean_rank))
    x = Scale(1, worst, SIDE, WIDTH - SIDE)
    ranks = {method.key: x(method.mean_rank) for method in order}
    shown = [group for group in groups if len(group) > 1 and not ranks.keys().isdisjoint(group)]
    half = -(-len(order) // 2)
    first = AXIS + 44 + BAR * len(shown)
    body = [
        *_axis(x, worst, difference),
        *(
            part
            for n, group in enumerate(shown)
            for part in _bar(group, ranks, AXIS + 18 + BAR * n)
        ),
    ]
    for place, method in enumerate(order):
        left = place < half
        row = place if left else len(order) - 1 - place
        body.append(_arm(method, ranks[method.key], first + LINE * row, left=left))
    return document(body, first + LINE * half, description, WIDTH, (WIDTH / 2.4, WIDTH / 1.4))


def _axis(x: Scale, worst: int, difference: float) -> list[str]:
    every = -(-(worst - 1) * APART // (WIDTH - 2 * SIDE))
    places = range(1, worst + 1, every)
    marks = "".join(f"M{round(x(value))},{AXIS}v-10" for value in places)
    fits = 1 + difference <= worst
    length = f"H{round(x(1 + difference))}m0-8v16" if fits else f"H{WIDTH - SIDE}"
    return [
        f'<path d="M{SIDE},{AXIS}H{WIDTH - SIDE}{marks}" stroke="currentColor" stroke-width="2"/>',
        *(text(x(value), AXIS - 18, str(value), "middle") for value in places),
        (
            f'<path d="M{SIDE},{FONT + 18}v-8v16m0-8{length}" stroke="currentColor" '
            'stroke-width="2" fill="none"/>'
        ),
        text(SIDE, FONT, f"critical difference {fixed(difference, 2)}"),
    ]


def _bar(group: Sequence[str], ranks: Mapping[str, float], y: float) -> list[str]:
    places = [ranks[key] for key in group if key in ranks]
    low, high = round(min(places)) - 4, round(max(places)) + 4
    parts = [f'<path d="M{low},{y}H{high}" stroke="currentColor" stroke-width="6"/>']
    if len(places) < len(group):
        on = f'<path d="M{high},{y}H{WIDTH - SIDE + 16}" stroke="currentColor" stroke-width="2"/>'
        parts.append(on)
    return parts


def _arm(method: Placed, x: float, y: float, *, left: bool) -> str:
    edge = SIDE - 12 if left else WIDTH - SIDE + 12
    words = f"{clipped(method.name, LONGEST * LETTER)} {fixed(method.mean_rank, 1)}"
    stroke = f'<path d="M{round(x)},{AXIS}V{round(y)}H{round(edge)}" '
    return f'{stroke}stroke="currentColor" stroke-opacity=".6" fill="none"/>' + text(
        edge + (-6 if left else 6), y + FONT / 3, words, "end" if left else ""
    )

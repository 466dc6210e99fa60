"""Critical-difference diagram (Demsar 2006): mean ranks, bars over methods that don't differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.figures.svg import FONT, LETTER, Scale, clipped, document, text

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
    methods: Sequence[Placed], groups: Sequence[Sequence[str]], difference: float, description: str
) -> str:
    """SVG: best mean rank on the left, a thick bar over each group."""
    order = sorted(methods, key=lambda method: (method.mean_rank, method.name))
    worst = max(2, len(order))
    x = Scale(1, worst, SIDE, WIDTH - SIDE)
    ranks = {method.key: x(method.mean_rank) for method in order}
    shown = [g for g in groups if len(g) > 1]
    bars = [
        f"M{round(min(ranks[k] for k in g)) - 4},{AXIS + 18 + BAR * n}"
        f"H{round(max(ranks[k] for k in g)) + 4}"
        for n, g in enumerate(shown)
    ]
    first = AXIS + 44 + BAR * len(shown)
    half = -(-len(order) // 2)
    every = -(-(worst - 1) * APART // (WIDTH - 2 * SIDE))
    axis = "".join(f"M{round(x(v))},{AXIS}v-10" for v in range(1, worst + 1, every))
    reach = min(difference, worst - 1)
    body = [
        f'<path d="M{SIDE},{AXIS}H{WIDTH - SIDE}{axis}" stroke="currentColor" stroke-width="2"/>',
        *(text(x(v), AXIS - 18, str(v), "middle") for v in range(1, worst + 1, every)),
        (
            f'<path d="M{SIDE},{FONT + 18}v-8v16m0-8H{round(x(1 + reach))}m0-8v16" '
            'stroke="currentColor" stroke-width="2" fill="none"/>'
        ),
        text(SIDE, FONT, f"critical difference {difference:.2f}"),
        f'<path d="{"".join(bars)}" stroke="currentColor" stroke-width="6"/>',
    ]
    for place, method in enumerate(order):
        left = place < half
        row = place if left else len(order) - 1 - place
        body.append(_arm(method, ranks[method.key], first + LINE * row, left=left))
    return document(body, first + LINE * half, description, WIDTH)


def _arm(method: Placed, x: float, y: float, *, left: bool) -> str:
    edge = SIDE - 12 if left else WIDTH - SIDE + 12
    words = f"{clipped(method.name, LONGEST * LETTER)} {method.mean_rank:.1f}"
    stroke = f'<path d="M{round(x)},{AXIS}V{round(y)}H{round(edge)}" '
    return f'{stroke}stroke="currentColor" stroke-opacity=".6" fill="none"/>' + text(
        edge + (-6 if left else 6), y + FONT / 3, words, "end" if left else ""
    )

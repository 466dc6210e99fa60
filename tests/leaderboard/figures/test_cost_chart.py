import math
import random
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from leaderboard.figures.cost import Spot, cost_chart, logarithmic, pareto
from leaderboard.figures.drawing.svg import SHAPES
from leaderboard.figures.styles import style_of

TITLES = ("Querying time (s)", "Score (%)")


def spots(size, seed=0, named=20):
    draw = random.Random(seed)  # noqa: S311
    return [
        Spot(
            f"method {n}",
            style_of(n),
            float(draw.randint(1, 30)),
            float(draw.randint(50, 80)),
            named=n < named,
        )
        for n in range(size)
    ]


def parse(svg):
    return ET.fromstring(svg)  # noqa: S314


def places(root, size):
    """Where the markers of the methods are."""
    found = {}
    for path in root.iter():
        for n in range(size):
            aside, above, outline = SHAPES[style_of(n).marker]
            match = re.fullmatch(rf"M(\d+),(\d+){re.escape(outline)}", path.get("d", ""))
            if match and path.get("stroke") == style_of(n).colour:
                found[n] = (int(match[1]) - aside, int(match[2]) - above)
    return found


@pytest.mark.parametrize("seed", range(30))
def test_the_line_goes_through_those_whom_nobody_beats(seed):
    every = spots(15, seed)

    def beaten(n):
        one = every[n]
        return any(
            other.cost <= one.cost
            and other.score >= one.score
            and ((other.cost, other.score) != (one.cost, one.score) or m < n)
            for m, other in enumerate(every)
            if m != n
        )

    front = pareto(every)
    assert sorted(front) == [n for n in range(15) if not beaten(n)]
    assert all(every[a].cost < every[b].cost for a, b in pairwise(front))


def test_the_line_is_the_best_score_for_at_most_each_cost():
    every = [
        replace(spots(1)[0], name=name, cost=cost, score=score, style=style_of(n))
        for n, (name, cost, score) in enumerate(
            [("best", 9.0, 80.0), ("cheap", 1.0, 60.0), ("beaten", 5.0, 55.0), ("mid", 4.0, 70.0)]
        )
    ]
    svg, unnamed = cost_chart(every, TITLES, "d")
    assert unnamed == []
    root = parse(svg)
    at = places(root, 4)
    (line,) = [p.get("d") for p in root.iter() if p.get("stroke-dasharray") == "8,5"]
    (cheap, mid, best) = (at[1], at[3], at[0])
    expected = f"M{cheap[0]},{cheap[1]}H{mid[0]}V{mid[1]}H{best[0]}V{best[1]}H860"
    assert line == expected
    bold = [n.text for n in root.iter() if n.get("font-weight") == "700"]
    assert sorted(bold) == ["best", "cheap", "mid"]


def test_the_axis_is_logarithmic_where_costs_differ_by_orders():
    assert logarithmic([1, 20])
    assert not logarithmic([1, 19])
    assert not logarithmic([0, 1000])
    costs = (0.1, 1.0, 100.0)
    every = [
        replace(s, cost=c, style=style_of(n))
        for n, (s, c) in enumerate(zip(spots(3), costs, strict=True))
    ]
    at = places(parse(cost_chart(every, TITLES, "d")[0]), 3)
    ratio = (at[2][0] - at[1][0]) / (at[1][0] - at[0][0])
    assert ratio == pytest.approx(math.log(100) / math.log(10), abs=0.02)
    linear = [replace(s, cost=c) for s, c in zip(every, (1.0, 2.0, 6.0), strict=True)]
    at = places(parse(cost_chart(linear, TITLES, "d")[0]), 3)
    assert (at[2][0] - at[1][0]) / (at[1][0] - at[0][0]) == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize("size", [12, 20])
def test_every_name_has_a_place(size):
    every = spots(size, seed=size)
    spread = [replace(s, cost=s.cost + n / 7) for n, s in enumerate(every)]
    svg, unnamed = cost_chart(spread, TITLES, "d")
    words = [node.text for node in parse(svg).iter() if node.get("font-size") == "20"]
    assert sorted(words + unnamed) == sorted(spot.name for spot in spread)
    assert unnamed == []


def test_of_many_the_first_and_those_on_the_line_have_names():
    every = spots(300, named=5)
    svg, unnamed = cost_chart(every, TITLES, "d")
    words = [node.text for node in parse(svg).iter() if node.get("font-size") == "20"]
    wanted = {every[n].name for n in {*range(5), *pareto(every)}}
    assert set(words) | set(unnamed) == wanted
    dots = next(p.get("d") for p in parse(svg).iter() if p.get("stroke-linecap") == "round")
    assert dots.count("h0") == 300 - len(wanted)
    assert len(svg) < 12_000


def test_equal_costs_still_have_an_axis():
    every = [replace(spot, cost=3.0) for spot in spots(2)]
    svg, _ = cost_chart(every, TITLES, 'a "quoted" <description>')
    root = parse(svg)
    assert root.get("aria-label") == 'a "quoted" <description>'
    assert "3" in [node.text for node in root.iter()]

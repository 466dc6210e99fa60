import random
from itertools import combinations, pairwise

import pytest

from leaderboard.figures.drawing.labels import MARK, Box, beside, spread

AREA = Box(0, 0, 880, 460)


@pytest.mark.parametrize("seed", range(5))
def test_spread_places_stand_apart_in_order_and_inside(seed):
    draw = random.Random(seed)  # noqa: S311
    wanted = [draw.uniform(0, 400) for _ in range(20)]
    found = spread(wanted, apart=15, low=0, high=400)
    by_wish = [place for _, place in sorted(zip(wanted, found, strict=True))]
    assert all(b - a >= 15 - 1e-6 for a, b in pairwise(by_wish))
    assert min(found) >= -1e-6
    assert max(found) <= 400 + 1e-6


def test_spread_leaves_what_has_room_and_shares_what_has_not():
    assert spread([10, 200, 390], apart=20, low=0, high=400) == [10, 200, 390]
    assert spread([50, 50, 50], apart=100, low=0, high=100) == pytest.approx([0, 50, 100])
    assert spread([], apart=1, low=0, high=1) == []


@pytest.mark.parametrize("size", [12, 20])
def test_no_label_covers_a_point_another_label_or_the_edge(size):
    draw = random.Random(size)  # noqa: S311
    points = [(draw.uniform(60, 820), draw.uniform(30, 430)) for _ in range(size)]
    found = beside(points, [(150, 22)] * size, AREA)
    boxes = [box for box in found if box]
    assert len(boxes) == size
    assert not any(a.covers(b) for a, b in combinations(boxes, 2))
    marks = [Box(x - MARK, y - MARK, 2 * MARK, 2 * MARK) for x, y in points]
    assert not any(box.covers(mark) for box in boxes for mark in marks)
    assert all(box.inside(AREA) for box in boxes)


def test_a_label_avoids_a_line_where_it_can_and_gives_up_where_nothing_is_free():
    point, size = (400.0, 200.0), (100.0, 20.0)
    (usual,) = beside([point], [size], AREA)
    line = Box(400, 197, 480, 6)
    (moved,) = beside([point], [size], AREA, [line])
    assert usual.covers(line)
    assert not moved.covers(line)
    assert beside([point], [size], Box(390, 190, 20, 20)) == [None]
    assert beside([point], [(0.0, 0.0)], AREA) == [None]

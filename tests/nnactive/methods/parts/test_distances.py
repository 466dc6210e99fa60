"""Choices by distance against their definitions, in exact integers and by frequency."""

import numpy as np
import pytest

from nnactive.errors import MethodError
from nnactive.methods import farthest_first, kmeans_plus_plus
from nnactive.methods.parts.distances import POINTS_AT_ONCE

rng = np.random.default_rng(3)


def by_hand(points, centres, n):
    """K-centre greedy with all distances in exact integers, from the definition."""
    known, chosen = [tuple(c) for c in centres], []
    for _ in range(n):
        nearest = []
        for index, point in enumerate(points):
            squares = [
                sum((int(a) - int(b)) ** 2 for a, b in zip(point, c, strict=True)) for c in known
            ]
            far = min(squares, default=float("inf"))
            nearest.append((-far, index) if index not in chosen else (1, index))
        chosen.append(min(nearest)[1])
        known.append(tuple(points[chosen[-1]]))
    return chosen


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
@pytest.mark.parametrize("seed", range(20))
def test_greedy_choice_equals_the_definition(seed: int, kind: str) -> None:
    draw = np.random.default_rng(seed)
    # Few values, so that points coincide and distances tie.
    points = draw.integers(0, 3, size=(draw.integers(1, 14), 3)).astype(kind)
    centres = draw.integers(0, 3, size=(draw.integers(0, 4), 3)).astype(kind)
    n = int(draw.integers(1, len(points), endpoint=True))
    assert farthest_first(points, centres, n) == by_hand(points, centres, n)


def test_equal_points_far_apart_in_the_list_tie() -> None:
    points = rng.normal(size=(2 * POINTS_AT_ONCE + 3, 33)).astype(np.float32)
    points[[7, -1]] = 50
    assert farthest_first(points, points[:2], 1) == [7]


def test_conflicts_leave_the_farthest_of_the_others() -> None:
    points = np.array([[0.0], [9], [8], [4]])
    neighbours = {1: [2], 2: [1], 3: [], 0: []}
    assert farthest_first(points, points[:1], 2) == [1, 3]
    assert farthest_first(points, points[:1], 3) == [1, 3, 2]
    with pytest.raises(MethodError, match="3 of 4 places"):
        farthest_first(points, points[:1], 4, neighbours.__getitem__)
    assert farthest_first(points, points[:1], 3, neighbours.__getitem__) == [1, 3, 0]


def test_seeding_begins_with_the_longest_and_draws_by_squared_distance() -> None:
    points = np.array([[3.0, 0], [4, 0], [4, 1], [0, 0], [4, 2]])
    drawn = [kmeans_plus_plus(points, 2, np.random.default_rng(seed)) for seed in range(3000)]
    assert {first for first, _ in drawn} == {4}
    squares = np.array([5, 4, 1, 20, 0])
    counts = np.bincount([second for _, second in drawn], minlength=5)
    assert counts[4] == 0
    assert np.allclose(counts / 3000, squares / 30, atol=0.03)


def test_seeding_keeps_conflicts_apart_and_ends_with_points_that_coincide() -> None:
    points = np.array([[2.0], [2], [1], [0]])
    for seed in range(20):
        chosen = kmeans_plus_plus(points, 4, np.random.default_rng(seed))
        assert chosen[0] == 0
        assert chosen[3] == 1
        apart = kmeans_plus_plus(
            points, 2, np.random.default_rng(seed), {0: [2, 3], 1: []}.__getitem__
        )
        assert apart == [0, 1]
    with pytest.raises(MethodError, match="1 of 2 places"):
        kmeans_plus_plus(points, 2, np.random.default_rng(0), lambda _: [0, 1, 2, 3])


def test_the_same_stream_gives_the_same_seeds() -> None:
    points = rng.normal(size=(60, 4))
    one, other = (kmeans_plus_plus(points, 9, np.random.default_rng(5)) for _ in range(2))
    assert one == other
    assert len(set(one)) == 9
    assert kmeans_plus_plus(points, 9, np.random.default_rng(6)) != one

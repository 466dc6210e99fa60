from itertools import pairwise

from nnactive.methods.placement import dealt, evenly
from nnactive.streams import stream


def test_patches_are_dealt_in_rounds():
    assert dealt(7, {"b": 5, "a": 1, "c": 3}) == {"b": 3, "a": 1, "c": 3}
    assert dealt(2, {"b": 5, "a": 1, "c": 3}) == {"b": 1, "a": 1, "c": 0}
    assert dealt(99, {"b": 2, "a": 0}) == {"b": 2, "a": 0}


def test_even_positions_are_distinct_and_evenly_spread():
    for seed in range(50):
        rng = stream("evenly", seed)
        assert evenly(7, 7, rng) == list(range(7))
        found = evenly(3, 10, rng)
        assert set(found) <= set(range(10))
        assert {b - a for a, b in pairwise(found)} <= {3, 4}
    assert evenly(0, 0, stream("none")) == []
    assert {evenly(1, 4, stream("first", seed))[0] for seed in range(60)} == {0, 1, 2, 3}

import math
from itertools import combinations, permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leaderboard.metrics import kendall, query_size_tau
from leaderboard.undefined import UndefinedMetricError


def tau_b(first, second):
    """Pair by pair."""
    points = list(zip(first, second, strict=True))
    pairs = [(a1 - a2, b1 - b2) for (a1, b1), (a2, b2) in combinations(points, 2)]
    agreeing = sum((a > 0) - (a < 0) == (b > 0) - (b < 0) != 0 for a, b in pairs)
    opposed = sum(a * b < 0 for a, b in pairs)
    untied = [sum(pair[side] != 0 for pair in pairs) for side in (0, 1)]
    return (agreeing - opposed) / math.sqrt(untied[0] * untied[1])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=12))
def test_it_counts_pairs(points):
    first, second = zip(*points, strict=True)
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    assert kendall(first, second).tau == pytest.approx(tau_b(first, second))
    assert kendall(second, first).tau == pytest.approx(tau_b(first, second))
    assert kendall(first[::-1], second[::-1]).tau == pytest.approx(tau_b(first, second))


def test_the_p_value_counts_orders():
    first, second = (1, 2, 3, 4, 5), (1, 3, 2, 4, 5)
    observed = kendall(first, second)
    taus = [abs(tau_b(first, order)) for order in permutations(second)]
    extreme = sum(tau >= observed.tau - 1e-12 for tau in taus)
    assert observed.p_value == pytest.approx(extreme / len(taus))


def test_smaller_queries_that_are_better_have_a_positive_tau():
    # 3 sizes x 4 seeds: all 48 pairs of different sizes agree, of 66; values are untied.
    sizes = [size for size in (15, 30, 60) for _ in range(4)]
    values = [100.0 - place for place in range(12)]
    result = query_size_tau(sizes, values)
    assert result.tau == pytest.approx(48 / math.sqrt(48 * 66))
    assert result.p_value < 0.1
    assert query_size_tau(sizes, values[::-1]).tau == pytest.approx(-result.tau)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([1.0], [2.0], "at least 2 values"),
        ([1.0, 2.0], [3.0, 3.0], "all values are equal"),
        ([1.0, 2.0], [3.0, math.nan], "missing"),
    ],
)
def test_it_refuses(first, second, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        kendall(first, second)

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.query.selection import Candidate
from nnactive.query.strata import quotas, shares, stratified_candidates, stratified_choice
from nnactive.streams import stream

alphas = st.decimals("0.001", "0.999", places=3)


def test_quotas_of_the_protocols_datasets():
    # (class stratum, unstratified): ACDC and KiTS 3/6, Hippocampus 4/6, AMOS 1/6.
    for classes, expected in ((3, [6, 3, 3, 3]), (2, [6, 4, 4]), (15, [6, *[1] * 15])):
        assert quotas(20, Decimal("0.66"), classes) == expected


def test_floors_are_those_of_decimals():
    # Binary floats: 150 (1 - .66) = 50.99..., 500 (1 - .66) = 169.99..., 100 x .29 = 28.99...
    assert math.floor(150 * (1 - 0.66)) == 50
    assert quotas(150, Decimal("0.66"), 2) == [51, 33, 33]
    assert math.floor(500 * (1 - 0.66)) == 169
    assert quotas(500, Decimal("0.66"), 2) == [170, 110, 110]
    assert math.floor(0.29 * 100) == 28
    assert shares(100, Decimal("0.29"), 1, stream("s")) == [71, 29]


def test_every_stratum_may_put_forward_one():
    assert quotas(1, Decimal("0.66"), 3) == [1, 1, 1, 1]


@given(st.integers(1, 2000), alphas, st.integers(1, 50), st.integers(0, 99))
def test_floors_and_shares_equal_fractions(count, alpha, classes, seed):
    assert quotas(count, alpha, classes) == reference.limits(count, str(alpha), classes)
    found = shares(count, alpha, classes, stream(seed))
    assert found == reference.shares(count, str(alpha), classes, stream(seed))
    assert sum(found) == count
    assert sum(found[1:]) == math.floor(Fraction(str(alpha)) * count)
    assert max(found[1:]) - min(found[1:]) <= 1


def test_remainder_goes_to_classes_at_random():
    # 66 of 100 patches for 4 classes: 16 each, and two different ones get one more.
    lucky = np.zeros(4)
    for seed in range(600):
        found = shares(100, Decimal("0.66"), 4, stream("lucky", seed))
        assert sorted(found) == [16, 16, 17, 17, 34]
        assert found[0] == 34
        lucky += np.array(found[1:]) - 16
    assert lucky == pytest.approx([300] * 4, abs=50)


def patch(case, x):
    return Patch(case, (0, 0, x), (1, 1, 1))


def test_strata_pick_in_turn_around_each_other():
    asked = []

    def put_forward(stratum, taken, limit):
        asked.append((stratum, [p.start[2] for p in taken], limit))
        return [Candidate(1.0, patch("a", 10 * stratum + i)) for i in range(limit)]

    found = stratified_candidates(put_forward, [2, 1, 1], [patch("a", 99)], stream("order"))
    assert [stratum for stratum, _, _ in asked] == stream("order").permutation(3).tolist()
    assert {(stratum, limit) for stratum, _, limit in asked} == {(0, 2), (1, 1), (2, 1)}
    assert {(c.stratum, c.patch.start[2]) for c in found} == {(0, 0), (0, 1), (1, 10), (2, 20)}
    before = [99]
    for stratum, taken, limit in asked:
        assert taken == before
        before += [10 * stratum + i for i in range(limit)]


def test_order_of_the_strata_is_drawn_evenly():
    orders = []
    for seed in range(600):
        asked = []
        stratified_candidates(lambda s, *_, a=asked: a.append(s) or [], [1] * 3, [], stream(seed))
        orders.append(tuple(asked))
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert counts == pytest.approx([100] * 6, abs=40)


CANDIDATES = [
    Candidate(0.1, patch("b", 0), 0),
    Candidate(0.5, patch("a", 1), 0),
    Candidate(9.0, patch("b", 2), 2),
    Candidate(9.0, patch("a", 3), 2),
    Candidate(0.0, patch("a", 4), 1),
    Candidate(-math.inf, patch("a", 5), 1),
]


def test_each_stratum_takes_its_own_best():
    for candidates in (CANDIDATES, CANDIDATES[::-1]):
        chosen = stratified_choice(candidates, [1, 2, 1])
        assert [(p.case, p.start[2]) for p in chosen] == [("a", 1), ("a", 4), ("a", 5), ("a", 3)]


@pytest.mark.parametrize(
    ("counts", "told"),
    [([0, 3, 1], "class 1 has 2 .*is 3"), ([3, 0, 0], "the unstratified part has 2 .*is 3")],
)
def test_a_stratum_that_cannot_fill_its_share_is_an_error(counts, told):
    with pytest.raises(MethodError, match=told):
        stratified_choice(CANDIDATES, counts)


@pytest.mark.parametrize("stratum", [-1, 3])
def test_an_unknown_stratum_is_refused(stratum):
    stranger = Candidate(1.0, Patch("a", (0, 0, 0), (1, 1, 1)), stratum)
    with pytest.raises(MethodError, match=f"a: a candidate has stratum {stratum}; .* 0 to 2"):
        stratified_choice([stranger], [1, 0, 0])

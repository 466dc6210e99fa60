import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.metrics import Curve, aubc, common_budgets
from leaderboard.metrics.runs import Runs
from leaderboard.undefined import UndefinedMetricError

SMALL = Curve(
    (30, 45, 60, 75, 90, 105, 120, 135, 150), (0.5, 0.55, 0.6, 0.62, 0.7, 0.7, 0.8, 0.75, 0.9)
)
LARGE = Curve((30, 90, 150), (0.5, 0.6, 0.8))


def at(curve, budgets):
    dice = np.array([curve.dice])
    (only,) = Runs((1,), curve.budgets, dice, dice).at(budgets).curves
    return only


def test_by_hand():
    # 10 * (.5+.6)/2 + 30 * (.6+.8)/2 = 5.5 + 21 = 26.5 over a span of 40
    assert aubc(Curve((10, 20, 50), (0.5, 0.6, 0.8))) == pytest.approx(26.5 / 40)
    assert aubc(Curve((5, 9), (0.25, 0.75))) == pytest.approx(0.5)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 99), st.floats(0, 1)), min_size=2, max_size=9))
def test_it_is_numpys_trapezoid(steps):
    budgets, dice = np.cumsum([step for step, _ in steps]), [value for _, value in steps]
    expected = np.trapezoid(dice, budgets) / (budgets[-1] - budgets[0])
    assert aubc(Curve(tuple(budgets.tolist()), tuple(dice))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        (Curve((), ()), "at least 2 loops"),
        (Curve((10,), (0.5,)), "at least 2 loops"),
        (Curve((10, 10), (0.5, 0.6)), "do not increase"),
    ],
)
def test_it_refuses(curve, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        aubc(curve)


def test_query_sizes_are_compared_at_the_budgets_that_all_have():
    shared = common_budgets([SMALL, LARGE])
    assert shared == (30, 90, 150)
    # Of SMALL, only .5, .7 and .9 count: (60 * .6 + 60 * .8) / 120
    assert aubc(at(SMALL, shared)) == pytest.approx(0.7)
    assert aubc(at(LARGE, shared)) == aubc(LARGE)
    assert aubc(SMALL) != pytest.approx(0.7)


def test_a_budget_that_a_curve_lacks_is_refused():
    with pytest.raises(UndefinedMetricError, match="not measured at all budgets"):
        at(LARGE, (30, 60, 150))


def test_fewer_than_two_shared_budgets_are_refused():
    with pytest.raises(UndefinedMetricError, match="fewer than 2 budgets"):
        common_budgets([LARGE, Curve((30, 60), (0.1, 0.2))])
    with pytest.raises(UndefinedMetricError, match="no complete experiment"):
        common_budgets([])

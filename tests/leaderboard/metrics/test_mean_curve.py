import pytest

from leaderboard.metrics import Curve, NoAnswerError, mean_curve


def test_by_hand():
    curve = mean_curve([Curve((5, 9), (0.2, 0.6)), Curve((5, 9), (0.4, 0.6))])
    assert curve.budgets == (5, 9)
    assert curve.dice == pytest.approx((0.3, 0.6))
    assert curve.std == pytest.approx((0.02**0.5, 0.0))
    assert mean_curve([Curve((5, 9), (0.2, 0.6))]).std is None


def test_it_refuses_different_budgets():
    with pytest.raises(NoAnswerError, match="different numbers of labelled patches"):
        mean_curve([Curve((5, 9), (0.2, 0.6)), Curve((5, 10), (0.4, 0.6))])

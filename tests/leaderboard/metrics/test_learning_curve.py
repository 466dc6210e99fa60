import pytest

from benchmark.results import Counts
from leaderboard.metrics import learning_curve
from leaderboard.undefined import UndefinedMetricError


def test_it_is_mean_dice_against_labelled_patches(make):
    curve = learning_curve(make(dice=(0.5, 0.625, 0.7)))
    assert curve.budgets == (10, 20, 30)
    assert curve.dice == pytest.approx((0.5, 0.625, 0.7))


def test_it_averages_cases_then_classes_without_absent_ones(make):
    # Class 0: Dice 2*3/(2*3+1+1) = .75 and 0 -> .375. Class 1: absent in case a; 1 in case b.
    counts = Counts(
        true_positives=((3, 0), (0, 5)),
        false_positives=((1, 4), (0, 0)),
        false_negatives=((1, 0), (0, 0)),
    )
    base = make()
    loops = tuple(loop.model_copy(update={"counts": counts}) for loop in base.loops)
    curve = learning_curve(base.model_copy(update={"loops": loops}))
    assert curve.dice == pytest.approx(((0.375 + 1) / 2,) * 3)


def test_it_refuses_a_missing_loop(make, broken):
    with pytest.raises(UndefinedMetricError, match="1 of 3 loops"):
        learning_curve(make(dice=(0.5,), failure=broken))


def test_it_refuses_a_test_set_without_foreground(make):
    nothing = ((0, 0), (0, 0))
    counts = Counts(true_positives=nothing, false_positives=nothing, false_negatives=nothing)
    base = make()
    loops = (*base.loops[:2], base.loops[2].model_copy(update={"counts": counts}))
    with pytest.raises(UndefinedMetricError, match="no foreground in any test case of loop 2"):
        learning_curve(base.model_copy(update={"loops": loops}))

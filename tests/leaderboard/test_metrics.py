import doctest
import importlib
import pkgutil

import pytest

import leaderboard.metrics as package
from benchmark.results import Counts
from leaderboard.metrics import (
    Curve,
    NoAnswerError,
    aubc,
    final_dice,
    learning_curve,
    mean,
    mean_curve,
    ranks,
    sample_std,
)


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(package.__path__)])
def test_examples_in_docstrings(name):
    module = importlib.import_module(f"{package.__name__}.{name}")
    assert doctest.testmod(module).failed == 0


def test_learning_curve_is_mean_dice_against_labelled_patches(make):
    curve = learning_curve(make(dice=(0.5, 0.625, 0.7)))
    assert curve.budgets == (10, 20, 30)
    assert curve.dice == pytest.approx((0.5, 0.625, 0.7))


def test_learning_curve_averages_cases_then_classes_without_absent_ones(make):
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


def test_learning_curve_refuses_a_missing_loop(make, broken):
    with pytest.raises(NoAnswerError, match="1 of 3 loops"):
        learning_curve(make(dice=(0.5,), failure=broken))


def test_learning_curve_refuses_a_test_set_without_foreground(make):
    nothing = ((0, 0), (0, 0))
    counts = Counts(true_positives=nothing, false_positives=nothing, false_negatives=nothing)
    base = make()
    loops = (*base.loops[:2], base.loops[2].model_copy(update={"counts": counts}))
    with pytest.raises(NoAnswerError, match="no foreground in any test case of loop 2"):
        learning_curve(base.model_copy(update={"loops": loops}))


def test_final_dice_is_the_last_loop():
    assert final_dice(Curve((10, 20, 30), (0.9, 0.1, 0.4))) == 0.4
    with pytest.raises(NoAnswerError):
        final_dice(Curve((), ()))


def test_aubc_by_hand():
    # 10 * (.5+.6)/2 + 30 * (.6+.8)/2 = 5.5 + 21 = 26.5 over a span of 40
    assert aubc(Curve((10, 20, 50), (0.5, 0.6, 0.8))) == pytest.approx(26.5 / 40)
    assert aubc(Curve((5, 9), (0.25, 0.75))) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        (Curve((), ()), "at least 2 loops"),
        (Curve((10,), (0.5,)), "at least 2 loops"),
        (Curve((10, 10), (0.5, 0.6)), "do not increase"),
    ],
)
def test_aubc_refuses(curve, reason):
    with pytest.raises(NoAnswerError, match=reason):
        aubc(curve)


def test_spread_is_the_sample_standard_deviation():
    # deviations -.2 -.1 .3, squares .04 .01 .09, sum .14, over n-1 = 2 -> .07
    assert mean([0.3, 0.4, 0.8]) == pytest.approx(0.5)
    assert sample_std([0.3, 0.4, 0.8]) == pytest.approx(0.07**0.5)
    assert sample_std([0.4, 0.4]) == 0


def test_spread_of_one_seed_has_no_answer():
    with pytest.raises(NoAnswerError, match="at least 2 seeds"):
        sample_std([0.5])
    with pytest.raises(NoAnswerError, match="no complete experiment"):
        mean([])


def test_mean_curve_by_hand():
    curve = mean_curve([Curve((5, 9), (0.2, 0.6)), Curve((5, 9), (0.4, 0.6))])
    assert curve.budgets == (5, 9)
    assert curve.dice == pytest.approx((0.3, 0.6))
    assert curve.std == pytest.approx((0.02**0.5, 0.0))
    assert mean_curve([Curve((5, 9), (0.2, 0.6))]).std is None


def test_mean_curve_refuses_different_budgets():
    with pytest.raises(NoAnswerError, match="different numbers of labelled patches"):
        mean_curve([Curve((5, 9), (0.2, 0.6)), Curve((5, 10), (0.4, 0.6))])


def test_ranks_compare_two_decimals_of_percent_and_ties_share_the_lowest():
    assert ranks([0.71234, 0.80, 0.712341, 0.6]) == [2, 1, 2, 4]
    assert ranks([0.7123, 0.7124]) == [2, 1]
    assert ranks([]) == []

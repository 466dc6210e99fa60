import dataclasses

import numpy as np
import pytest

from leaderboard.metrics import fit_fg_eff
from leaderboard.metrics.aubc import AUBC
from leaderboard.metrics.fg_eff import FG_EFF, FG_EFF_EFFORT, efficiency
from leaderboard.metrics.final_dice import FINAL_DICE
from leaderboard.metrics.metric import NOTHING, Compared, Experiments
from leaderboard.metrics.ppm import PPM_LOSSES, PPM_WINS
from leaderboard.metrics.primary_score import SCORE
from leaderboard.metrics.reference import NO_FULL_DATA, NOT_COUNTED, Reference, Start
from leaderboard.metrics.runs import Runs
from leaderboard.undefined import Undefined, UndefinedMetricError

RUNS = Runs(
    seeds=(1, 2),
    budgets=(10, 20, 40),
    dice=np.array([[0.5, 0.6, 0.8], [0.4, 0.6, 0.7]]),
    foreground=np.array([[0.01, 0.02, 0.03], [0.02, 0.03, 0.05]]),
    effort=np.array([[0.02, 0.03, 0.04], [0.03, 0.05, 0.08]]),
)
REFERENCE = Reference(0.85, Start(dice=0.45, foreground=0.015, effort=0.025))
UNKNOWN = Reference(NO_FULL_DATA, REFERENCE.start)


def figure(metric, runs=RUNS, reference=REFERENCE):
    return metric.figure(Experiments(runs, (), reference))


def test_per_seed_by_hand():
    # Trapezoids: 10 * .55 + 20 * .7 and 10 * .5 + 20 * .65, over a span of 30.
    assert AUBC.by_seed(RUNS, REFERENCE) == pytest.approx([65, 60])
    assert AUBC.by_seed(RUNS.at((10, 40)), REFERENCE) == pytest.approx([65, 55])
    assert FINAL_DICE.by_seed(RUNS, REFERENCE) == pytest.approx([80, 70])
    # y0 is the setting's, .45: 100 (.65 - .45) / (.85 - .45)
    assert SCORE.by_seed(RUNS, REFERENCE) == pytest.approx([50, 37.5])


@pytest.mark.parametrize("against", ["foreground", "effort"])
def test_efficiency_starts_at_the_settings_loop_0(against):
    shares = getattr(RUNS, against)
    found = efficiency(RUNS, REFERENCE, against)
    assert (found.t0, found.y0) == pytest.approx((shares[:, 0].mean(), 0.45))
    expected = fit_fg_eff(shares.ravel(), RUNS.dice.ravel(), found.t0, 0.45, 0.85)
    assert found.value == pytest.approx(expected.gamma)
    assert found.value > 0


def test_means_over_seeds():
    assert figure(AUBC, reference=UNKNOWN).value.mean == pytest.approx(62.5)
    assert figure(FINAL_DICE, reference=UNKNOWN).value.mean == pytest.approx(75)
    assert figure(FG_EFF).value.mean == efficiency(RUNS, REFERENCE).value
    assert figure(AUBC).by_seed == pytest.approx([65, 60])
    assert figure(AUBC).std == figure(AUBC).value.spread == pytest.approx(12.5**0.5)


def test_a_fits_interval_is_over_seeds_and_its_standard_error_the_fits():
    found = figure(FG_EFF)
    expected = efficiency(RUNS, REFERENCE)
    assert found.value.spread == expected.standard_error != pytest.approx(expected.seed_error)
    assert found.std == pytest.approx(2**0.5 * expected.seed_error)
    # Student's quantile with one degree of freedom: tan(.475 pi)
    half = np.tan(0.475 * np.pi) * expected.seed_error
    assert (found.value.low, found.value.high) == pytest.approx(
        (expected.value - half, expected.value + half)
    )


def test_a_fit_of_one_seed_has_no_interval_and_says_why():
    one = dataclasses.replace(RUNS, seeds=(1,), dice=RUNS.dice[:1], foreground=RUNS.foreground[:1])
    found = figure(FG_EFF, one)
    assert found.value.spread is not None
    assert (found.value.low, found.std) == (None, None)
    assert "at least 2 seeds" in found.value.reason


def test_what_is_undefined_has_a_reason():
    for metric in (SCORE, FG_EFF):
        assert figure(metric, reference=UNKNOWN).value.reason == NO_FULL_DATA.reason
        assert figure(metric, reference=UNKNOWN).value.mean is None
    without = dataclasses.replace(RUNS, effort=Undefined("the boundary voxels were not counted"))
    assert "boundary voxels" in figure(FG_EFF_EFFORT, without).value.reason
    assert "no method has a loop 0" in figure(SCORE, reference=Reference(0.85)).value.reason
    uncounted = Reference(0.85, Start(dice=0.45, foreground=0.015, effort=NOT_COUNTED))
    reason = "loop 0 of the baselines was not counted"
    assert figure(FG_EFF_EFFORT, reference=uncounted).value.reason == reason
    assert figure(AUBC, NOTHING).value.reason == NOTHING.reason


def test_who_starts_worse_gets_no_better_score():
    worse = dataclasses.replace(RUNS, dice=RUNS.dice - [0.2, 0, 0])
    assert (SCORE.by_seed(worse, REFERENCE) < SCORE.by_seed(RUNS, REFERENCE)).all()


def test_loops_at_some_budgets():
    some = RUNS.at((10, 40))
    assert some.budgets == (10, 40)
    assert some.foreground.tolist() == [[0.01, 0.03], [0.02, 0.05]]
    assert some.effort.shape == (2, 2)
    with pytest.raises(UndefinedMetricError, match="not measured at all budgets"):
        RUNS.at((10, 30))


def test_relational_metrics_that_are_undefined_are_so_for_all():
    for metric in (PPM_WINS, PPM_LOSSES):
        values = metric.values(Compared(3, {}))
        assert [value.reason for value in values] == ["no setting"] * 3


def test_published_leagues_have_words_of_their_own():
    measured, published = FG_EFF.column("measured"), FG_EFF.column("published")
    assert "variance" not in measured.spread
    assert "variance" in published.spread
    assert (measured.beside, published.beside) == ("interval", "spread")
    assert AUBC.note("measured") != AUBC.note("published")
    assert FG_EFF_EFFORT.note("published") == ""

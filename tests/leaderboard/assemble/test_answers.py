import dataclasses

import numpy as np
import pytest

from leaderboard.assemble.answers import aubcs, efficiency, final_dices, mean_of, primary_scores
from leaderboard.assemble.references import NO_FULL_DATA, Reference, Start
from leaderboard.assemble.scores import Measured, Printed
from leaderboard.metrics import NoAnswerError, fit_fg_eff

ENTRY = Measured(
    seeds=(1, 2),
    budgets=(10, 20, 40),
    dice=np.array([[0.5, 0.6, 0.8], [0.4, 0.6, 0.7]]),
    foreground=np.array([[0.01, 0.02, 0.03], [0.02, 0.03, 0.05]]),
    effort=np.array([[0.02, 0.03, 0.04], [0.03, 0.05, 0.08]]),
)
REFERENCE = Reference(0.85, Start(dice=0.45, foreground=0.015, effort=0.025))
UNKNOWN = Reference(NO_FULL_DATA, REFERENCE.start)


def test_per_seed_by_hand():
    # Trapezoids: 10 * .55 + 20 * .7 and 10 * .5 + 20 * .65, over a span of 30.
    assert aubcs(ENTRY) == pytest.approx([65, 60])
    assert aubcs(ENTRY, (10, 40)) == pytest.approx([65, 55])
    assert final_dices(ENTRY) == pytest.approx([80, 70])
    # y0 is the setting's, .45: 100 (.65 - .45) / (.85 - .45)
    assert primary_scores(ENTRY, REFERENCE) == pytest.approx([50, 37.5])


@pytest.mark.parametrize("against", ["foreground", "effort"])
def test_efficiency_starts_at_the_settings_loop_0(against):
    shares = getattr(ENTRY, against)
    found = efficiency(ENTRY, REFERENCE, against)
    assert (found.t0, found.y0) == pytest.approx((shares[:, 0].mean(), 0.45))
    expected = fit_fg_eff(shares.ravel(), ENTRY.dice.ravel(), found.t0, 0.45, 0.85)
    assert found.fit.gamma == pytest.approx(expected.gamma)
    assert found.fit.gamma > 0


def test_means_of_measured_and_of_printed_figures():
    assert mean_of(ENTRY, "aubc", UNKNOWN) == pytest.approx(62.5)
    assert mean_of(ENTRY, "final_dice", UNKNOWN) == pytest.approx(75)
    assert mean_of(ENTRY, "fg_eff", REFERENCE) == efficiency(ENTRY, REFERENCE).fit.gamma
    assert mean_of(Printed({"aubc": 81.31}, {}), "aubc", UNKNOWN) == 81.31


def test_refusals():
    with pytest.raises(NoAnswerError, match="no full-data Dice"):
        primary_scores(ENTRY, UNKNOWN)
    with pytest.raises(NoAnswerError, match="no full-data Dice"):
        efficiency(ENTRY, UNKNOWN)
    with pytest.raises(NoAnswerError, match="don't print"):
        mean_of(Printed({"aubc": 81.31}, {}), "fg_eff", REFERENCE)
    without = Measured(ENTRY.seeds, ENTRY.budgets, ENTRY.dice, ENTRY.foreground)
    with pytest.raises(NoAnswerError, match="boundary voxels"):
        efficiency(without, REFERENCE, "effort")
    with pytest.raises(NoAnswerError, match="no entrant has a loop 0"):
        primary_scores(ENTRY, Reference(0.85))
    uncounted = Reference(0.85, Start(dice=0.45, foreground=0.015, effort=float("nan")))
    with pytest.raises(NoAnswerError, match="loop 0 of the baselines was not counted"):
        efficiency(ENTRY, uncounted, "effort")


def test_who_starts_worse_gets_no_better_score():
    worse = dataclasses.replace(ENTRY, dice=ENTRY.dice - [0.2, 0, 0])
    assert (primary_scores(worse, REFERENCE) < primary_scores(ENTRY, REFERENCE)).all()

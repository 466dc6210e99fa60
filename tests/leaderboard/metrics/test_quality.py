"""Surface Dice, Hausdorff distance and calibration over loops; the results are stand-ins."""

from dataclasses import replace

import numpy as np
import pytest

from leaderboard.assemble.cells import make_runs
from leaderboard.metrics.calibration import (
    ECE_FINAL,
    ECE_MEAN,
    FG_ECE_FINAL,
    FG_ECE_MEAN,
    ece_by_loop,
)
from leaderboard.metrics.hausdorff import HD95_AUBC, HD95_FINAL, hd95_by_loop
from leaderboard.metrics.metric import Experiments
from leaderboard.metrics.reference import UNKNOWN
from leaderboard.metrics.surface_dice import NSD1_AUBC, NSD2_FINAL, nsd_by_loop
from leaderboard.read.facts import facts_of
from leaderboard.undefined import UndefinedMetricError

LOOPS = (
    {"surface_dice": ((0.2, 0.4), (0.4, None)), "hausdorff95": (8.0, 4.0)},
    {"surface_dice": ((0.4, 0.6), (0.6, None)), "hausdorff95": (4.0, 2.0)},
    {"surface_dice": ((0.8, 0.6), (0.8, None)), "hausdorff95": (1.0, None)},
)
ERRORS = (0.3, 0.1, 0.05)


@pytest.fixture
def facts(make):
    """One experiment with these figures by loop, at 10, 20 and 30 patches."""
    result = facts_of(make("random", 1))
    loops = [
        replace(loop, **figures, calibration_error=error, foreground_calibration_error=2 * error)
        for loop, figures, error in zip(result.loops, LOOPS, ERRORS, strict=True)
    ]
    return replace(result, loops=tuple(loops))


def figure(metric, *results):
    return metric.figure(Experiments(make_runs(results), results, UNKNOWN)).value


def test_classes_without_reference_are_left_out_and_all_loops_count(facts):
    runs = make_runs([facts])
    assert nsd_by_loop(runs, 0).tolist() == pytest.approx(np.array([[0.3, 0.5, 0.7]]))
    assert nsd_by_loop(runs, 1).tolist() == pytest.approx(np.array([[0.4, 0.6, 0.8]]))
    assert hd95_by_loop(runs).tolist() == [[6.0, 3.0, 1.0]]
    assert ece_by_loop(runs).tolist() == [list(ERRORS)]


def test_areas_finals_and_means_are_in_the_columns_units(facts):
    assert figure(NSD1_AUBC, facts).mean == pytest.approx(50)
    assert figure(NSD2_FINAL, facts).mean == pytest.approx(80)
    assert figure(HD95_AUBC, facts).mean == pytest.approx((4.5 + 2) / 2)
    assert figure(HD95_FINAL, facts).mean == pytest.approx(1)
    assert figure(ECE_FINAL, facts).mean == pytest.approx(5)
    assert figure(ECE_MEAN, facts).mean == pytest.approx(15)
    assert figure(FG_ECE_FINAL, facts).mean == pytest.approx(10)
    assert figure(FG_ECE_MEAN, facts).mean == pytest.approx(30)


def test_an_interval_of_a_distance_ends_at_zero(facts):
    far = replace(facts, seed=2)
    loops = [replace(loop, hausdorff95=(30.0, 30.0)) for loop in facts.loops]
    value = figure(HD95_FINAL, facts, replace(far, loops=tuple(loops)))
    assert value.low == 0
    assert value.high > 30


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (NSD1_AUBC, "no surfaces in these results"),
        (HD95_FINAL, "no surfaces in these results"),
        (ECE_MEAN, "no calibration data in these results"),
    ],
    ids=["nsd", "hd95", "ece"],
)
def test_results_without_them_say_so(make, metric, reason):
    value = figure(metric, facts_of(make("random", 1)))
    assert value.mean is None
    assert value.reason == reason


def test_a_loop_that_lacks_one_is_named(facts):
    first, *rest = facts.loops
    odd = replace(facts, loops=(first, replace(rest[0], surface_dice=None), rest[1]))
    assert figure(NSD1_AUBC, odd).reason == "seed 1: loop 1 lacks surfaces"
    one = [replace(loop, surface_dice=loop.surface_dice[:1]) for loop in facts.loops]
    with pytest.raises(UndefinedMetricError, match="no surfaces"):
        nsd_by_loop(make_runs([replace(facts, loops=tuple(one))]), 1)


def test_chosen_budgets_leave_other_loops_out(facts):
    runs = make_runs([facts]).at((10, 30))
    assert hd95_by_loop(runs).tolist() == [[6.0, 1.0]]

import math

import pytest

from benchmark.results import Counts
from leaderboard.assemble.experiments import COSTS, make_experiment


def test_the_numbers_of_an_experiment_by_hand(full):
    found = make_experiment(full(seed=3, dice=(0.5, 0.6, 0.7)))
    assert found.seed == 3
    assert found.curve.budgets == (10, 20, 30)
    assert found.curve.dice == pytest.approx((0.5, 0.6, 0.7))
    assert found.foreground == pytest.approx([311 * n / 93_000 for n in (1, 2, 3)])
    assert found.effort == pytest.approx([n / 32_000 for n in (103, 207, 311)])
    assert found.class_dice == pytest.approx((0.7, 0.7))
    assert found.class_share == pytest.approx((900 / 90_000, 33 / 3_000))
    assert set(found.costs) == set(COSTS)
    assert found.costs == pytest.approx(
        {
            "query_seconds": 14,
            "query_peak_gib": 1.5,
            "training_hours": 300 / 3600,
            "patches": 30,
            "voxels": 1920,
            "foreground": 933,
            "effort": 311,
        }
    )


def test_what_was_not_counted_says_so(make):
    found = make_experiment(make())
    assert found.effort == found.costs["effort"] == "the labelled boundary voxels were not counted"


def test_a_pool_without_a_count_of_its_boundary(full, change):
    found = make_experiment(change(full(), "dataset", pool_boundary=None))
    assert found.effort == "the pool's boundary voxels were not counted"
    assert found.costs["effort"] == 311


def test_an_experiment_of_one_loop_has_no_query(make):
    found = make_experiment(make(dice=(0.5,), loops=1))
    assert found.costs["query_seconds"] == "no cost of a query step was recorded"
    assert found.costs["query_peak_gib"] == "no query was recorded"


def test_a_class_that_no_test_case_has_is_nan_and_one_that_no_pool_case_has_too(make, change):
    result = change(make(), "dataset", pool_foreground=(90_000, 0))
    column = ((5, 5), (0, 0))
    counts = Counts(true_positives=column, false_positives=column, false_negatives=column)
    last = result.loops[-1].model_copy(update={"counts": counts})
    found = make_experiment(result.model_copy(update={"loops": (*result.loops[:-1], last)}))
    assert found.class_dice[0] == 0.5
    assert math.isnan(found.class_dice[1])
    assert math.isnan(found.class_share[1])


def test_a_pool_without_foreground_has_no_share(make, change):
    found = make_experiment(change(make(), "dataset", pool_foreground=(0, 0)))
    assert found.foreground == "the pool has no foreground"


def test_a_test_set_without_foreground_has_no_curve(make):
    result = make()
    nothing = ((0, 0), (0, 0))
    counts = Counts(true_positives=nothing, false_positives=nothing, false_negatives=nothing)
    loops = tuple(loop.model_copy(update={"counts": counts}) for loop in result.loops)
    found = make_experiment(result.model_copy(update={"loops": loops}))
    assert found.curve == "no foreground in any test case of loop 0"

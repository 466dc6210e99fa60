import pytest

from leaderboard.metrics import costs as declared
from leaderboard.metrics.metric import CostMetric
from leaderboard.metrics.reference import UNKNOWN
from leaderboard.read.facts import facts_of
from leaderboard.undefined import Undefined, attempt


def costs(result):
    """Of one experiment by metric."""
    return {
        metric.name: attempt(lambda: metric.cost(facts_of(result), UNKNOWN))  # noqa: B023
        for metric in vars(declared).values()
        if isinstance(metric, CostMetric)
    }


def test_the_costs_of_an_experiment_by_hand(full):
    assert costs(full(seed=3, dice=(0.5, 0.6, 0.7))) == pytest.approx(
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
    assert costs(make())["effort"] == Undefined("the labelled boundary voxels were not counted")


def test_a_pool_without_a_count_of_its_boundary_has_a_count_of_the_labelled_one(full, change):
    assert costs(change(full(), "dataset", pool_boundary=None))["effort"] == 311


def test_an_experiment_of_one_loop_has_no_query(make):
    found = costs(make(dice=(0.5,), loops=1))
    reason = Undefined("no cost of a query step was recorded")
    assert found["query_seconds"] == found["query_peak_gib"] == reason


def test_every_fold_and_no_other_step_counts_as_training(make):
    result = make()
    more = {"train_fold_10": 900.0, "train_folders": 7000.0, "train_fold": 7000.0}
    last = result.loops[-1]
    costs_ = last.costs | {
        name: last.costs["annotate"].model_copy(update={"seconds": seconds})
        for name, seconds in more.items()
    }
    loops = (*result.loops[:-1], last.model_copy(update={"costs": costs_}))
    before, after = costs(result), costs(result.model_copy(update={"loops": loops}))
    assert after["training_hours"] == pytest.approx(before["training_hours"] + 900 / 3600)

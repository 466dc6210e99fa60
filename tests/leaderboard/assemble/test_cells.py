import numpy as np
import pytest

from benchmark.results import Counts
from leaderboard.assemble.cells import make_runs, measured_cell
from leaderboard.metrics.metric import NOTHING, over_seeds
from leaderboard.metrics.reference import make_reference
from leaderboard.read.facts import facts_of
from leaderboard.undefined import Undefined, attempt


def cell_of(results, expected):
    """Of the only entrant of a setting."""
    facts = [*map(facts_of, results)]
    return measured_cell(facts, expected, make_reference(facts, expected))


def test_scores_of_two_seeds_by_hand(full):
    results = [full(seed=1, dice=(0.5, 0.6, 0.7)), full(seed=2, dice=(0.5, 0.7, 0.9))]
    cell = cell_of(results, (1, 2))
    # AUBC .6 and .7; y0 = .5, so the scores are 100 * .1 / .4 and 100 * .2 / .4.
    assert cell.by_seed["aubc"] == pytest.approx([60, 70])
    assert cell.by_seed["score"] == pytest.approx([25, 50])
    assert cell.by_seed["final_dice"] == pytest.approx([70, 90])
    aubc = cell.values["aubc"]
    assert (aubc.mean, aubc.spread) == pytest.approx((65, 50**0.5))
    # 12.7062 * sqrt(50) / sqrt(2) = 63.53, Student's quantile with one degree of freedom; <= 100
    assert (aubc.low, aubc.high) == pytest.approx((65 - 63.531, 100), abs=1e-3)
    assert (cell.status, cell.seeds, cell.notes) == ("complete", (1, 2), ())


def test_costs_have_a_spread_and_no_interval(full):
    cell = cell_of([full(seed=1), full(seed=2)], (1, 2))
    foreground = cell.values["foreground"]
    assert (foreground.mean, foreground.spread, foreground.low) == (933, 0, None)


def test_one_seed_has_means_and_the_reason_for_no_spread(full):
    value = cell_of([full()], (1,)).values["aubc"]
    assert (value.mean, value.spread, value.reason) == (
        pytest.approx(60),
        None,
        "a spread needs at least 2 seeds",
    )


def test_without_full_data_neither_score_nor_efficiency(make):
    values = cell_of([make(seed=1), make(seed=2)], (1, 2)).values
    assert values["aubc"].mean == pytest.approx(60)
    for name in ("score", "fg_eff"):
        assert values[name].mean is None
        assert "full-data Dice" in values[name].reason
    assert "not counted" in values["fg_eff_effort"].reason


def test_efficiency_is_fitted_over_all_seeds_and_loops(full):
    results = [full(seed=seed, dice=(0.5, 0.6, 0.7)) for seed in (1, 2)]
    cell = cell_of(results, (1, 2))
    value = cell.values["fg_eff"]
    share = 311 / 93_000
    # An independent search for the least sum of squares.
    gammas = np.linspace(1, 400, 40_000)
    errors = sum(
        ((0.5 - 0.9) * np.exp(-gammas * share * loop) + 0.9 - dice) ** 2
        for loop, dice in enumerate((0.5, 0.6, 0.7))
    )
    assert value.mean == pytest.approx(gammas[errors.argmin()], abs=0.02)
    assert value.spread > 0
    assert cell.efficiency.t0 == pytest.approx(share)
    assert cell.values["fg_eff_effort"].mean == pytest.approx(
        value.mean * share / (104 / 32_000), rel=0.05
    )


def test_failures_missing_and_further_seeds_are_named(make, broken):
    results = [make(seed=1), make(seed=2, dice=(0.5,), failure=broken), make(seed=9)]
    cell = cell_of(results, (1, 2, 3))
    assert (cell.status, cell.seeds) == ("failed", (1,))
    assert cell.notes == (
        f"seed 2, loop 1, query: {broken.reason}",
        "no result for seed 3",
        "seed 9: not run with the baselines, not counted",
    )
    assert cell.values["aubc"].mean == pytest.approx(60)


def test_nothing_complete_has_reasons_everywhere(make, broken):
    cell = cell_of([make(dice=(), failure=broken)], (1,))
    assert {value.reason for value in cell.values.values()} == {"no complete experiment"}
    assert cell.runs == cell.classes == NOTHING


def test_seeds_at_different_budgets_have_no_curve(make):
    other = make(seed=2)
    loops = tuple(
        loop.model_copy(update={"labelled_patches": loop.labelled_patches + 1})
        for loop in other.loops
    )
    cell = cell_of([make(seed=1), other.model_copy(update={"loops": loops})], (1, 2))
    assert isinstance(cell.runs, Undefined)
    assert "different numbers of labelled patches" in cell.values["aubc"].reason


@pytest.mark.parametrize("other", [{"source_hash": "1" * 64}, {"requirements": ("a==1",)}], ids=str)
def test_seeds_run_with_different_sources_say_so(make, change, other):
    results = [make(seed=1), change(make(seed=2), "method", **other)]
    cell = cell_of(results, (1, 2))
    assert cell.notes == ("its seeds were run with different sources, parameters or requirements",)
    assert cell.status == "incomplete"
    # A seed that doesn't count mixes nothing.
    assert cell_of(results, (1,)).status == "complete"


def test_no_value_at_all():
    assert over_seeds([]).reason == "no complete experiment"


def test_what_has_no_interval_says_why():
    value = over_seeds([float("inf")] * 2)
    assert (value.spread, value.low) == (None, None)
    assert value.reason


def test_runs_by_hand(full):
    runs = make_runs([facts_of(full(seed=3, dice=(0.5, 0.6, 0.7)))])
    assert runs.seeds == (3,)
    assert runs.budgets == (10, 20, 30)
    assert runs.dice[0] == pytest.approx((0.5, 0.6, 0.7))
    assert runs.foreground[0] == pytest.approx([311 * n / 93_000 for n in (1, 2, 3)])
    assert runs.effort[0] == pytest.approx([n / 32_000 for n in (103, 207, 311)])


def test_the_classes_of_the_final_loop_by_hand(full):
    classes = cell_of([full()], (1,)).classes
    assert classes.dice[:, 0] == pytest.approx((0.7, 0.7))
    assert classes.labelled[:, 0] == pytest.approx((900 / 90_000, 33 / 3_000))


def test_boundaries_that_were_not_counted_leave_no_effort(make, full, change):
    assert make_runs([facts_of(make())]).effort == Undefined(
        "the labelled boundary voxels were not counted"
    )
    assert make_runs([facts_of(change(full(), "dataset", pool_boundary=None))]).effort == Undefined(
        "the pool's boundary voxels were not counted"
    )


def test_a_class_that_no_test_case_has_is_nan_and_one_that_no_pool_case_has_too(make, change):
    result = change(make(), "dataset", pool_foreground=(90_000, 0))
    column = ((5, 5), (0, 0))
    counts = Counts(true_positives=column, false_positives=column, false_negatives=column)
    last = result.loops[-1].model_copy(update={"counts": counts})
    classes = cell_of(
        [result.model_copy(update={"loops": (*result.loops[:-1], last)})], (1,)
    ).classes
    assert classes.dice[0, 0] == 0.5
    assert np.isnan([classes.dice[1, 0], classes.labelled[1, 0]]).all()


def test_a_pool_without_foreground_has_no_labelled_fraction(make, change):
    runs = make_runs([facts_of(change(make(), "dataset", pool_foreground=(0, 0)))])
    assert runs.foreground == Undefined("the pool has no foreground")


def test_a_test_set_without_foreground_has_no_curve(make):
    result = make()
    nothing = ((0, 0), (0, 0))
    counts = Counts(true_positives=nothing, false_positives=nothing, false_negatives=nothing)
    loops = tuple(loop.model_copy(update={"counts": counts}) for loop in result.loops)
    found = attempt(lambda: make_runs([facts_of(result.model_copy(update={"loops": loops}))]))
    assert found == Undefined("seed 1: no foreground in any test case of loop 0")

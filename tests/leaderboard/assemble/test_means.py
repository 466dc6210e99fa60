from dataclasses import replace

import pytest

from leaderboard.assemble.cells import Cells, measured_cell, printed_cell
from leaderboard.assemble.table import means_of
from leaderboard.metrics.aubc import AUBC
from leaderboard.metrics.reference import make_reference
from leaderboard.metrics.registry import declared
from leaderboard.published.rows import rows
from leaderboard.read.facts import facts_of

NAMES = ("aubc", "score", "fg_eff", "patches")
METRICS = [metric for metric in declared() if metric.name in NAMES]


def setting(name, *results, seeds=(1, 2)):
    facts = [*map(facts_of, results)]
    return Cells(name, name, {"m": measured_cell(facts, seeds, make_reference(facts, seeds))})


def test_a_single_settings_values_are_its_own(full):
    only = setting("s", full(seed=1), full(seed=2))
    assert means_of("m", [only], METRICS) == {name: only.cells["m"].values[name] for name in NAMES}


def test_means_over_settings_with_students_interval(full):
    first = setting("a", full(seed=1, dice=(0.5, 0.6, 0.7)), full(seed=2, dice=(0.5, 0.7, 0.9)))
    second = setting("b", full(seed=1, dice=(0.5, 0.8, 0.9)), full(seed=2, dice=(0.5, 0.8, 0.9)))
    value = means_of("m", [first, second], METRICS)["aubc"]
    # Means 65 and 75, stds sqrt(50) and 0: t / 2 * sqrt(50 / 2), where all variance is in one
    # setting, so one degree of freedom.
    assert value.mean == pytest.approx(70)
    assert value.mean - value.low == pytest.approx(12.7062 / 2 * 5, abs=1e-3)
    assert value.high == 100  # not 101.8
    assert value.spread is None


def test_published_means_have_the_papers_interval():
    def printed(name, mean, std):
        row = replace(rows()[0], metric="aubc", mean=mean, spread=std)
        return Cells(name, name, {"m": printed_cell([row], 4)})

    cells = [printed("a", 60.0, 3.0), printed("b", 80.0, 4.0)]
    value = means_of("m", cells, [AUBC])["aubc"]
    # Half of 1.96 standard errors, whose squares are 9/4 and 16/4.
    assert (value.low, value.high) == pytest.approx((67.55, 72.45))


def test_a_fits_error_over_seeds_is_that_of_a_mean(full):
    cells = [setting(n, full(seed=1), full(seed=2, dice=(0.5, 0.62, 0.7))) for n in ("a", "b")]
    errors = [each.cells["m"].stds["fg_eff"] / 2**0.5 for each in cells]
    value = means_of("m", cells, METRICS)["fg_eff"]
    # Two equal variances of one degree of freedom each: two, so t = 4.302653.
    expected = 4.302653 / 2 * (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    assert value.high - value.mean == pytest.approx(expected)


def test_a_cost_has_a_mean_alone(full):
    cells = [setting(n, full(seed=1), full(seed=2)) for n in ("a", "b")]
    value = means_of("m", cells, METRICS)["patches"]
    assert (value.mean, value.spread, value.low, value.reason) == (30, None, None, None)


def test_one_seed_has_a_mean_without_an_interval(full):
    cells = [setting(n, full(), seeds=(1,)) for n in ("a", "b")]
    value = means_of("m", cells, METRICS)["aubc"]
    assert (value.mean, value.low) == (pytest.approx(60), None)
    assert "2 seeds" in value.reason


def test_a_setting_without_an_answer_is_named(full, broken):
    good = setting("good", full(seed=1), full(seed=2))
    bad = setting("bad", full(dice=(), failure=broken))
    other = Cells("other", "other", {})
    assert means_of("m", [good, bad], METRICS)["aubc"].reason == "bad: no complete experiment"
    assert means_of("m", [good, other], METRICS)["aubc"].reason == "other: no result"
    assert means_of("m", [other], METRICS)["aubc"].reason == "other: no result"


def test_what_no_setting_answers_has_the_reason_itself(make):
    cells = [setting(n, make()) for n in ("a", "b")]
    reason = means_of("m", cells, METRICS)["score"].reason
    assert reason.startswith("no full-data Dice")

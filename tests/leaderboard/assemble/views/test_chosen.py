"""Rankings by other metrics and by classes; the results are stand-ins."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

from leaderboard.assemble import make_board
from leaderboard.assemble.views import chosen
from leaderboard.metrics.rank_intervals import rank_intervals
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries

WORLD = synthetic.World(methods=4, settings=8, seeds=3, cases=3, classes=3, patches=8, quality=True)
BY_METRIC = (
    "aubc", "final_dice", "nsd1_aubc", "nsd1_final", "nsd2_aubc", "nsd2_final", "hd95_aubc",
    "hd95_final", "fg_ece_final", "fg_ece_mean", "ece_final", "ece_mean",
)  # fmt: skip


def league_of(results):
    (league,) = make_board(Entries(tuple(results), ())).leagues
    return league


@pytest.fixture(scope="module")
def facts():
    return [facts_of(each) for each in synthetic.results(WORLD)]


@pytest.fixture(scope="module")
def league(facts):
    return league_of(facts)


def view_of(league, by="", classes=(), dataset=None):
    (found,) = (
        view
        for view in league.views
        if (view.by, view.classes, view.dataset, view.regime, view.patch)
        == (by, classes, dataset, None, None)
    )
    return found


def test_every_metric_with_seeds_ranks_all_settings_and_each_dataset(league):
    datasets = {setting.dataset for setting in league.settings}
    assert len(datasets) > 1
    for dataset in (None, *datasets):
        names = [v.by for v in league.views if v.by and not v.classes and v.dataset == dataset]
        assert tuple(names) == BY_METRIC
    assert league.views[0].ranked_by == "score"
    assert not league.views[0].by


def test_lower_distances_rank_higher_and_the_values_stay(league):
    usual, view = league.views[0], view_of(league, "hd95_aubc")
    means = [row.values["hd95_aubc"].mean for row in view.rows]
    assert means == sorted(means)
    assert view.rows[0].rank == 1
    assert view.ranked_by == "hd95_aubc"
    assert {row.entrant: row.values for row in view.rows} == {
        row.entrant: row.values for row in usual.rows
    }
    assert "lowest mean HD95 AUBC" in view.verdict.headline
    assert " mm" in view.verdict.headline
    assert "percentage points" not in " ".join((view.verdict.headline, *view.verdict.more))


def test_letters_and_intervals_are_those_of_the_negated_distances(league):
    view = view_of(league, "hd95_final")
    methods = sorted(row.entrant for row in view.rows)
    known = {
        key: {each.setting: each.figures["hd95_final"] for each in league.details[key]}
        for key in methods
    }
    scores = [-np.array([known[key][setting] for key in methods]) for setting in view.settings]
    expected = rank_intervals(scores)
    rows = {row.entrant: row for row in view.rows}
    assert [rows[key].rank_low for key in methods] == expected.rank_low.tolist()
    assert [rows[key].rank_high for key in methods] == expected.rank_high.tolist()
    for i, one in enumerate(methods):
        for j, other in enumerate(methods):
            share = {*rows[one].ties} & {*rows[other].ties}
            assert bool(share) != bool(expected.different[i, j])


def test_a_ranking_by_a_class_is_that_of_results_without_the_others(facts, league):
    dataset = min(setting.dataset for setting in league.settings)
    view = view_of(league, classes=("class 2",), dataset=dataset)
    alone = []
    for each in facts:
        loops = [
            replace(
                loop,
                dice=(loop.dice[1],),
                mean_dice=loop.dice[1],
                surface_dice=tuple((row[1],) for row in loop.surface_dice),
                hausdorff95=(loop.hausdorff95[1],),
                labelled_foreground=loop.labelled_foreground[1:2],
                labelled_boundary=loop.labelled_boundary[1:2],
            )
            for loop in each.loops
        ]
        about = each.dataset.model_copy(
            update={
                "classes": ("class 2",),
                "pool_foreground": each.dataset.pool_foreground[1:2],
                "pool_boundary": each.dataset.pool_boundary[1:2],
                "full_data_dice": None,
            }
        )
        alone.append(replace(each, loops=tuple(loops), dataset=about))
    other = league_of(alone)
    expected = view_of(other, dataset=dataset)
    assert view.ranked_by == expected.ranked_by == "aubc"
    names = [{card.key: card.id for card in each.entrants} for each in (league, other)]
    found = [
        [(own[row.entrant], row.rank, row.rank_low, row.rank_high, row.ties) for row in each.rows]
        for own, each in zip(names, (view, expected), strict=True)
    ]
    assert found[0] == found[1]
    for row, twin in zip(view.rows, expected.rows, strict=True):
        for name in ("aubc", "final_dice", "nsd1_aubc", "hd95_final"):
            assert row.values[name] == twin.values[name]
        assert row.values["ece_final"].mean is None
        assert row.values["score"].mean is None


def test_classes_are_those_of_one_dataset_alone_or_together_never_all(league):
    found = {(view.dataset, view.classes) for view in league.views if view.classes}
    assert all(dataset for dataset, _ in found)
    chosen_ones = [classes for dataset, classes in found if dataset == "acdc"]
    assert sorted(chosen_ones) == [
        ("class 1",), ("class 1", "class 2"), ("class 1", "class 3"), ("class 2",),
        ("class 2", "class 3"), ("class 3",),
    ]  # fmt: skip
    by_class = {view.by for view in league.views if view.classes}
    assert by_class == {"", *BY_METRIC} - {"aubc", *BY_METRIC[-4:]}


def test_old_results_offer_what_they_have(facts):
    old = [
        replace(
            each,
            loops=tuple(
                replace(
                    loop,
                    surface_dice=None,
                    hausdorff95=None,
                    calibration_error=None,
                    foreground_calibration_error=None,
                )
                for loop in each.loops
            ),
        )
        for each in facts
    ]
    league = league_of(old)
    assert {view.by for view in league.views} == {"", "aubc", "final_dice"}
    value = league.views[0].rows[0].values["nsd1_aubc"]
    assert (value.mean, value.reason) == (None, "no surfaces in these results")


def test_a_method_without_the_figure_is_not_ranked_by_it(facts):
    names = sorted({each.method.id for each in facts})
    some = [
        replace(each, loops=tuple(replace(loop, hausdorff95=None) for loop in each.loops))
        if each.method.id == names[0]
        else each
        for each in facts
    ]
    league = league_of(some)
    (card,) = (each for each in league.entrants if each.id == names[0])
    view = view_of(league, "hd95_aubc")
    ranks = {row.entrant: row.rank for row in view.rows}
    assert ranks.pop(card.key) is None
    assert None not in ranks.values()
    assert view.cohort.startswith(f"{len(names) - 1} methods")
    assert any("surfaces" in line for line in view.lacking)


def test_many_methods_have_rankings_by_metric_alone(facts, monkeypatch):
    monkeypatch.setattr(chosen, "MOST_METHODS", 3)
    views = [view for view in league_of(facts).views if view.by or view.classes]
    assert {view.dataset for view in views} == {None}
    assert {view.classes for view in views} == {()}
    monkeypatch.setattr(chosen, "MOST_METHODS", 60)
    monkeypatch.setattr(chosen, "MOST_BY_CLASS", 3)
    views = [view for view in league_of(facts).views if view.classes]
    assert views
    assert {view.by for view in views} == {""}

import pytest

from leaderboard.assemble.keys import cohort_id
from leaderboard.metrics.registry import declared


def view_of(league, name):
    """The view of a single setting."""
    (key,) = (setting.key for setting in league.settings if setting.name == name)
    return next(view for view in league.views if view.settings == (key,))


def test_a_row_by_hand(make, rows_of):
    row = rows_of(make(seed=1, dice=(0.5, 0.6, 0.7)), make(seed=2, dice=(0.5, 0.7, 0.9)))["random"]
    # AUBC .6 and .7; Final Dice .7 and .9
    assert row.values["aubc"].mean == pytest.approx(65)
    assert row.values["final_dice"].spread == pytest.approx(200**0.5)
    assert row.values["query_seconds"].mean == 14
    assert row.values["training_hours"].mean == pytest.approx(300 / 3600)
    assert (row.seeds, row.status, row.notes) == ((1, 2), "complete", ())
    assert list(row.values) == [metric.name for metric in declared()]


def test_rows_are_sorted_by_rank_and_ties_share_one(make, rows_of):
    rows = rows_of(
        make("a", dice=(0.5, 0.6, 0.7)),
        make("b", dice=(0.5, 0.7, 0.7)),
        make("c", dice=(0.5, 0.6, 0.7)),
        make("d", dice=(0.5, 0.5, 0.5)),
    )
    assert [(name, row.rank) for name, row in rows.items()] == [
        ("b", 1),
        ("a", 2),
        ("c", 2),
        ("d", 4),
    ]


def test_ranks_follow_the_score_where_all_have_one(full, make, league_of, change):
    with_score = league_of(full("a"), full("b"))
    assert with_score.views[0].ranked_by == with_score.settings[0].ranked_by == "score"
    assert with_score.notes[0] == "Ranks follow the mean Score."
    without = league_of(make("a"), make("b"))
    assert without.views[0].ranked_by == "aubc"
    assert "AUBC" in without.notes[0]
    # Full data that is worse than the start: one such setting, and no view with it has scores.
    worse = [change(full(m), "dataset", full_data_dice=0.4) for m in "ab"]
    worse = [change(result, "setting", name="worse") for result in worse]
    league = league_of(full("a"), full("b"), *worse)
    assert league.views[0].ranked_by == "aubc"
    assert "no better" in league.views[0].rows[0].values["score"].reason
    assert [setting.ranked_by for setting in league.settings] == ["score", "aubc"]


def test_who_is_not_ranked_does_not_decide_by_what_the_others_are(full, league_of, broken):
    league = league_of(full("a"), full("b", dice=(), failure=broken))
    assert league.views[0].rows[1].values["score"].mean is None
    assert league.views[0].ranked_by == "score"
    assert league_of(full("b", dice=(), failure=broken)).views[0].rows[0].rank is None


def test_an_entrant_that_is_not_ranked_takes_no_rank_and_says_why(make, rows_of, broken):
    rows = rows_of(
        make("worse", 1, dice=(0.1, 0.1, 0.1)),
        make("worse", 2, dice=(0.1, 0.1, 0.1)),
        make("part", 1, dice=(0.9, 0.9, 0.9)),
        make("mine", 1, dice=(0.5,), failure=broken, origin="submission"),
    )
    assert list(rows) == ["worse", "part", "mine"]
    assert [row.rank for row in rows.values()] == [1, None, None]
    assert [row.status for row in rows.values()] == ["complete", "incomplete", "failed"]
    assert rows["part"].values["aubc"].mean == pytest.approx(90)
    assert rows["part"].notes == ("no result for seed 2",)
    assert rows["part"].rank_reason == "not ranked: incomplete"
    assert rows["part"].values["mean_rank"].reason == "not ranked: incomplete"
    assert rows["mine"].notes == (
        f"seed 1, loop 1, query: {broken.reason}",
        "no result for seed 2",
    )


def test_one_failed_seed_makes_a_method_failed_though_another_did_well(make, rows_of, broken):
    results = [make("a", 1), make("a", 2), make("b", 1, dice=(0.9, 0.9, 0.9))]
    row = rows_of(*results, make("b", 2, dice=(), failure=broken))["b"]
    assert (row.rank, row.status, row.seeds) == (None, "failed", (1,))


def test_seeds_of_baselines_are_expected_of_all_but_a_submissions_of_nobody(make, rows_of):
    rows = rows_of(
        make("a", 1),
        make("a", 2),
        make("mine", 1, origin="submission"),
        make("mine", 2, origin="submission"),
        make("mine", 3, origin="submission"),
        make("b", 2),
    )
    assert {name: row.status for name, row in rows.items()} == {
        "a": "complete",
        "mine": "complete",
        "b": "incomplete",
    }
    assert rows["mine"].seeds == (1, 2)
    assert rows["mine"].notes == ("seed 3: not run with the baselines, not counted",)
    assert rows["b"].notes == ("no result for seed 1",)


def test_one_loop_has_a_final_dice_but_no_rank(make, rows_of):
    row = rows_of(make(dice=(0.5,), loops=1))["random"]
    assert row.values["final_dice"].mean == pytest.approx(50)
    assert row.values["aubc"].reason == "an area needs at least 2 loops"
    assert (row.rank, row.status) == (None, "complete")
    assert row.rank_reason == "an area needs at least 2 loops"


def test_a_view_over_settings_asks_for_all_seeds_of_all(make, league_of, change):
    def other(*arguments, **over):
        return change(make(*arguments, **over), "setting", name="other", dataset="other")

    league = league_of(
        *(make("a", seed) for seed in (1, 2)),
        *(other("a", seed) for seed in (1, 2)),
        *(make("b", seed, (0.9, 0.9, 0.9)) for seed in (1, 2)),
        other("b", 1),
        *(make("c", seed) for seed in (1, 2)),
        *(make("d", seed, (0.1, 0.1, 0.1)) for seed in (1, 2)),
        *(other("d", seed, (0.1, 0.1, 0.1)) for seed in (1, 2)),
    )
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    rows = {ids[row.entrant]: row for row in league.views[0].rows}
    assert {name: row.rank for name, row in rows.items()} == {"a": 1, "b": None, "c": None, "d": 2}
    assert rows["b"].notes == ("other: no result for seed 2",)
    assert rows["b"].values["aubc"].mean == pytest.approx(75)
    assert rows["b"].seeds == (1,)
    assert rows["c"].notes == ("no result in 1 of 2 settings: other",)
    assert rows["c"].values["aubc"].reason == "other: no result"
    assert rows["c"].seeds == ()
    alone = view_of(league, "phantom_tiny")
    assert [(ids[row.entrant], row.rank) for row in alone.rows] == [
        ("b", 1),
        ("a", 2),
        ("c", 2),
        ("d", 4),
    ]
    others = view_of(league, "other")
    assert [(ids[row.entrant], row.rank) for row in others.rows] == [
        ("a", 1),
        ("d", 2),
        ("b", None),
    ]


def test_one_entrant_without_a_score_takes_nobody_elses(full, league_of, change):
    flat = full("flat", dice=(0.5, 0.5, 0.5))
    odd = flat.model_copy(update={"loops": flat.loops[:1]})
    odd = odd.model_copy(update={"method": odd.method.model_copy(update={"origin": "submission"})})
    league = league_of(full("a"), full("b", dice=(0.5, 0.7, 0.8)), odd)
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    view = league.views[0]
    assert view.ranked_by == "score"
    assert [(ids[row.entrant], row.rank) for row in view.rows] == [
        ("b", 1),
        ("a", 2),
        ("flat", None),
    ]
    last = view.rows[-1]
    assert last.status == "complete"
    assert last.rank_reason == last.values["score"].reason


def test_every_table_names_those_whom_its_ranks_compare(make, league_of, change):
    def other(method):
        return change(make(method), "setting", name="other", dataset="other")

    league = league_of(make("a"), other("a"), make("b"), make("c"), other("c"))
    every = league.views[0]
    assert every.cohort == league.relations.cohort == cohort_id(["a", "c"])
    both = view_of(league, "phantom_tiny")
    assert both.cohort == cohort_id(["a", "b", "c"]) != every.cohort
    assert {setting.name: setting.cohort for setting in league.settings} == {
        "phantom_tiny": cohort_id(["a", "b", "c"]),
        "other": cohort_id(["a", "c"]),
    }


def test_rank_intervals_begin_with_two_seeds(make, league_of):
    def league(seeds):
        return league_of(
            *(make(m, s, (0.5, 0.6, 0.6 + s / 99)) for m in "ab" for s in range(seeds))
        )

    for seeds in (1, 2, 4):
        view, (setting,) = league(seeds).views[0], league(seeds).settings
        assert (view.rows[0].rank_low is None) == (seeds == 1)
        assert (setting.rows[0].rank_low is None) == (seeds == 1)


def test_a_method_whose_settings_were_run_with_different_sources_is_not_ranked(
    make, rows_of, change
):
    def other(*arguments, **method):
        made = change(make(*arguments), "setting", name="other", dataset="other")
        return change(made, "method", **method)

    rows = rows_of(make("a"), other("a"), make("b"), other("b", parameters={"beta": 2.0}))
    assert (rows["a"].rank, rows["a"].status) == (1, "complete")
    assert (rows["b"].rank, rows["b"].status) == (None, "incomplete")
    assert rows["b"].notes == (
        "its settings were run with different sources, parameters or requirements",
    )

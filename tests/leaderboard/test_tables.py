import pytest

from leaderboard.tables import make_tables


def rows(*results):
    (table,) = make_tables(results)
    return {row.method: row for row in table.rows}


def test_a_row_by_hand(make):
    row = rows(make(seed=1, dice=(0.5, 0.6, 0.7)), make(seed=2, dice=(0.5, 0.7, 0.9)))["random"]
    # AUBC .6 and .7; Final Dice .7 and .9
    assert row.aubc.mean == pytest.approx(0.65)
    assert row.aubc.std == pytest.approx(0.005**0.5)
    assert row.final_dice.mean == pytest.approx(0.8)
    assert row.final_dice.std == pytest.approx(0.02**0.5)
    assert row.foreground.mean == 3 * (300 + 11)
    assert row.query_seconds.mean == 2 * 7
    assert row.training_seconds.mean == 3 * (60 + 40)
    assert (row.seeds, row.expected_seeds, row.status) == ((1, 2), 2, "complete")
    assert row.curve.dice == pytest.approx((0.5, 0.65, 0.8))


def test_one_seed_has_a_mean_but_no_spread(make):
    row = rows(make())["random"]
    assert row.aubc.mean == pytest.approx(0.6)
    assert row.aubc.std == "a spread needs at least 2 seeds"


def test_rows_are_sorted_by_aubc_and_ties_share_a_rank(make):
    (table,) = make_tables(
        [
            make("a", dice=(0.5, 0.6, 0.7)),
            make("b", dice=(0.5, 0.7, 0.7)),
            make("c", dice=(0.5, 0.6, 0.7)),
            make("d", dice=(0.5, 0.5, 0.5)),
        ]
    )
    assert [(row.method, row.rank) for row in table.rows] == [
        ("b", 1),
        ("a", 2),
        ("c", 2),
        ("d", 4),
    ]


def test_a_failed_experiment_stays_with_its_reason_unranked_and_last(make, broken):
    (table,) = make_tables(
        [
            make("worse", 1, dice=(0.1, 0.1, 0.1)),
            make("mine", 1, dice=(0.5,), failure=broken, origin="submission"),
        ]
    )
    row = table.rows[-1]
    assert (row.method, row.rank, row.status) == ("mine", None, "failed")
    assert row.badges == ("submission", "failed")
    assert row.notes == (f"seed 1, loop 1, query: {broken.reason}",)
    assert row.aubc.mean == row.final_dice.std == "no complete experiment"
    assert row.curve is None


def test_one_failed_seed_makes_a_method_failed_though_another_did_well(make, broken):
    results = [make("a", 1), make("a", 2), make("b", 1, dice=(0.9, 0.9, 0.9))]
    row = rows(*results, make("b", 2, dice=(), failure=broken))["b"]
    assert (row.rank, row.status, row.seeds, row.expected_seeds) == (None, "failed", (1,), 2)
    assert row.aubc.mean == pytest.approx(0.9)


def test_expected_seeds_are_the_union_over_methods(make):
    (table,) = make_tables([make("a", 1), make("a", 2), make("b", 2), make("c", 7), make("c", 1)])
    assert table.seeds == (1, 2, 7)
    notes = {row.method: (row.rank, row.status, row.notes) for row in table.rows}
    assert notes == {
        "a": (None, "incomplete", ("no result for seed 7",)),
        "b": (None, "incomplete", ("no result for seeds 1, 7",)),
        "c": (None, "incomplete", ("no result for seed 2",)),
    }


def test_an_incomplete_method_does_not_take_a_rank(make):
    (table,) = make_tables([make("a", 1), make("a", 2), make("b", 1, dice=(0.9, 0.9, 0.9))])
    assert [(row.method, row.rank) for row in table.rows] == [("a", 1), ("b", None)]


def test_one_loop_has_a_final_dice_but_no_rank(make):
    row = rows(make(dice=(0.5,), loops=1))["random"]
    assert row.final_dice.mean == pytest.approx(0.5)
    assert row.aubc.mean == "an area needs at least 2 loops"
    assert (row.rank, row.status) == (None, "complete")


def test_oracle_methods_say_so(make):
    assert rows(make(oracle=True))["random"].badges == ("baseline", "oracle")


def test_seeds_run_with_different_sources_say_so(make):
    first, second = make(seed=1), make(seed=2)
    method = second.method.model_copy(update={"source_hash": "1" * 64})
    row = rows(first, second.model_copy(update={"method": method}))["random"]
    assert row.notes == ("its seeds were run with different sources or parameters",)


def test_incomparable_results_get_tables_of_their_own_that_name_the_difference(make):
    base = make()
    other = base.model_copy(update={"protocol_version": "2.0"})
    dataset = base.dataset.model_copy(update={"checksum": "cd"})
    tables = make_tables([base, other, base.model_copy(update={"dataset": dataset})])
    assert len(tables) == 3
    assert {table.differs for table in tables} == {("protocol version", "prepared data")}
    assert all(row.rank == 1 for table in tables for row in table.rows)
    assert make_tables([base])[0].differs == ()

"""What a new entrant, another order or another name may change on the board, and what not."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaderboard.assemble import make_board
from leaderboard.metrics.registry import declared
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries

SEEDS, SETTINGS = (1, 2, 3), ("one", "two")
CURVE = st.tuples(*[st.integers(520, 880)] * 4).map(lambda c: (0.5, *(n / 1000 for n in c)))
METHOD = st.lists(CURVE, min_size=len(SEEDS) * len(SETTINGS), max_size=len(SEEDS) * len(SETTINGS))
WORLD = st.dictionaries(st.sampled_from("abcdef"), METHOD, min_size=2, max_size=4)
RELATIONAL = {metric.name for metric in declared() if metric.relational}
quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def results(full, change):
    def make(world):
        return [
            change(full(name, seed, curve, loops=5), "setting", name=setting, loops=5)
            for name, curves in world.items()
            for (setting, seed), curve in zip(
                [(setting, seed) for setting in SETTINGS for seed in SEEDS], curves, strict=True
            )
        ]

    return make


def league(results):
    (found,) = make_board(Entries(tuple(map(facts_of, results)), ())).leagues
    return found


def tables(found):
    """Rows by setting or view, then method id, without the entrants' keys."""
    ids = {entrant.key: entrant.id for entrant in found.entrants}
    places = {**{b.name: b for b in found.settings}, **{str(v.settings): v for v in found.views}}
    return {
        name: {ids[row.entrant]: replace(row, entrant="") for row in place.rows}
        for name, place in places.items()
    }


def own(row):
    """What depends on nobody else."""
    return (
        row.status,
        row.seeds,
        row.notes,
        {name: value for name, value in row.values.items() if name not in RELATIONAL},
    )


@quick
@given(world=WORLD, data=st.data())
def test_the_order_of_results_changes_nothing(results, world, data):
    made = results(world)
    assert league(data.draw(st.permutations(made))) == league(made)


@quick
@given(world=WORLD)
def test_a_duplicate_changes_no_own_figure_and_shares_its_originals_place(results, world):
    first = min(world)
    twice = {**world, "zz": world[first]}
    before, after = tables(league(results(world))), tables(league(results(twice)))
    for place, rows in before.items():
        for method, row in rows.items():
            assert own(after[place][method]) == own(row)
            worse = after[place][first].rank < after[place][method].rank
            assert after[place][method].rank == row.rank + worse
        copy, original = after[place]["zz"], after[place][first]
        assert replace(copy) == original


@quick
@given(world=WORLD)
def test_names_change_nothing_but_names(results, world):
    renamed = {f"{name}_other": curves for name, curves in world.items()}
    before, after = tables(league(results(world))), tables(league(results(renamed)))
    for place, rows in before.items():
        for method, row in rows.items():
            other = after[place][f"{method}_other"]
            # The letters of equals may be dealt in another order.
            assert replace(other, ties="") == replace(row, ties="")
            for rival, row_2 in rows.items():
                shared = bool(set(row.ties) & set(row_2.ties))
                rival_ties = after[place][f"{rival}_other"].ties
                assert bool(set(other.ties) & set(rival_ties)) == shared


@quick
@given(world=WORLD, curves=METHOD)
def test_a_newcomer_changes_no_own_figure_of_others(results, world, curves):
    before = tables(league(results(world)))
    after = tables(league(results({**world, "new": curves})))
    for place, rows in before.items():
        for method, row in rows.items():
            assert own(after[place][method]) == own(row)

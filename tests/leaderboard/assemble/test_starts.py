"""A league that compares starts: apart from query methods, and measured from the protocol's."""

import pytest

from benchmark.consistency.result import inconsistency
from leaderboard.assemble.grouping import make_leagues
from leaderboard.read.agreement import disagreements
from leaderboard.read.facts import facts_of
from leaderboard.read.load import load_entries


@pytest.fixture
def pair(full):
    """A complete result of a start method and the query method of the later loops."""

    def build(start="typiclust", dice=(0.5, 0.6, 0.7), query="random", seed=1, first=None):
        result = full(f"{start}+{query}", seed, dice)
        names = {"start": start, "query": query, "oracle": start == "foreground33"}
        loops = list(result.loops)
        # Another start, other patches.
        moved = loops[0].patches.model_copy(update={"case": (f"of_{start}",) * 10})
        loops[0] = loops[0].model_copy(update={"patches": moved, **(first or {})})
        method = result.method.model_copy(update=names)
        return result.model_copy(update={"method": method, "loops": tuple(loops)})

    return build


def test_starts_have_a_league_of_their_own(make, pair):
    leagues = make_leagues([make("random"), pair(), pair("random_start"), pair(query="bald")])
    found = {league.key.query: len(league.methods) for league in leagues}
    assert found == {"": 1, "random": 2, "bald": 1}
    standard = next(league for league in leagues if not league.key.query)
    # Nothing that is derived from the names of a league without starts has changed.
    assert standard.key.names == ("demo", "False", "1.0", "2.8.1", 200)
    assert len(standard.settings[0].text) < len(leagues[-1].settings[0].text)


def test_the_league_says_what_it_compares(pair, league_of, make):
    league = league_of(pair("foreground33"), pair())
    first, second, third = league.notes[1:]
    assert first.startswith("This league compares starts, not query methods: a row's method chose")
    assert "and random those of all later loops" in first
    assert second.startswith("foreground33 is the protocol's starting budget, which uses")
    assert third == "Starts differ in loop 0, so PPM includes it."
    assert not any("starts" in note for note in league_of(make()).notes)


def test_scores_begin_at_the_protocols_loop_0_whatever_a_row_begins_with(pair, rows_of):
    rows = rows_of(pair("foreground33"), pair("random_start", (0.1, 0.6, 0.7)))
    # AUBC .6 and .5 of the gap from .5 to .9.
    assert rows["foreground33+random"].values["score"].mean == pytest.approx(25)
    assert rows["random_start+random"].values["score"].mean == pytest.approx(0)
    alone = rows_of(pair("random_start"))["random_start+random"]
    assert "the protocol's starting budget was not run" in alone.values["score"].reason
    assert alone.values["aubc"].mean == pytest.approx(60)


def test_ppm_counts_loop_0_in_which_starts_differ(pair, make, rows_of):
    """Better in loop 0 alone: one loop of three, and none of two where loop 0 is shared."""
    better, worse = (0.6, 0.7, 0.8), (0.5, 0.7, 0.8)
    starts = [
        pair(name, dice, seed=seed)
        for seed in (1, 2)
        for name, dice in (("typiclust", better), ("random_start", worse))
    ]
    wins = rows_of(*starts)["typiclust+random"].values["ppm_wins"].mean
    assert wins == pytest.approx(100 / 3)
    methods = [
        make(name, seed, dice)
        for seed in (1, 2)
        for name, dice in (("bald", better), ("random", worse))
    ]
    assert rows_of(*methods)["bald"].values["ppm_wins"].mean == 0


def test_the_league_s_penalties_count_it_too(pair, league_of):
    better, worse = (0.6, 0.7, 0.8), (0.5, 0.7, 0.8)
    league = league_of(
        *(
            pair(name, dice, seed=seed)
            for seed in (1, 2)
            for name, dice in (("typiclust", better), ("random_start", worse))
        )
    )
    assert sorted(league.relations.penalties[0].wins) == pytest.approx([0, 1 / 3])


def test_a_loop_0_without_a_class_is_told(pair, rows_of):
    rows = rows_of(pair("foreground33"), pair(first={"labelled_foreground": (300, 0)}))
    assert rows["typiclust+random"].notes == ("seed 1: loop 0 labels no voxel of small",)
    assert rows["typiclust+random"].status == "complete"
    assert rows["foreground33+random"].notes == ()


def test_results_agree_on_loop_0_only_with_those_of_the_same_start(make, pair):
    other = pair(query="bald")
    same = [pair("random_start"), pair(), other]
    assert disagreements(map(facts_of, same)) == {}
    odd = pair(query="bald", first={"labelled_voxels": 641})
    told = disagreements(map(facts_of, [pair(), pair(query="power_bald"), odd]))
    assert list(told) == [2]
    assert told[2].startswith("voxels of the starting patches: different")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"id": "typiclust"}, "is not a start followed by a built-in query method"),
        ({"query": None}, "is not a start followed by"),
        ({"query": "mine", "id": "typiclust+mine"}, "is not a start followed by"),
        ({"start": "mine", "id": "mine+random"}, "'mine' is not a built-in method"),
        ({"start": "bald", "id": "bald+random"}, "'bald' is not a built-in method"),
        ({"oracle": True}, "'typiclust+random' does not use ground truth, but claims otherwise"),
        ({"origin": "submission"}, "the submission 'typiclust' does not have its source hash"),
    ],
)
def test_a_pair_is_named_after_what_it_is(pair, fields, reason):
    result = pair()
    changed = result.model_copy(update={"method": result.method.model_copy(update=fields)})
    told = inconsistency(changed)
    assert told is None if reason is None else reason in told


def test_a_submitted_start_is_read_and_its_command_names_it_alone(pair, store, league_of):
    name = "Mine-0123abcd"
    result = pair(name)
    fields = {"origin": "submission", "source_hash": f"{'0123abcd':0<64}"}
    mine = result.model_copy(update={"method": result.method.model_copy(update=fields)})
    assert load_entries([store(mine)]).left_out == ()
    (entrant,) = league_of(mine).entrants
    assert entrant.command == "make submit METHOD=path/to/file.py:Mine TRACK=demo"
    (builtin,) = league_of(pair()).entrants
    assert builtin.command == "make submit METHOD=typiclust TRACK=demo"

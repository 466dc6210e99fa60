import pytest


@pytest.fixture
def at(make, change):
    """A result of a setting."""

    def made(setting, method, seed=1, final=0.7, **over):
        result = make(method, seed, (0.5, 0.6, final), **over)
        return change(result, "setting", name=setting, dataset=setting)

    return made


def rows_of(league):
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    return {ids[row.entrant]: row for row in league.views[0].rows}


def test_an_incomplete_method_stands_among_all_that_have_its_settings(at, league_of):
    league = league_of(
        *(at(s, m, final=f) for s in "xyz" for m, f in (("a", 0.9), ("b", 0.8), ("c", 0.7))),
        *(at(s, "part", final=0.85) for s in "xy"),
        at("z", "alone", final=0.1),
    )
    rows = rows_of(league)
    assert [row.rank for row in rows.values()] == [1, 2, 3, None, None]
    assert rows["part"].partial == "2nd of 4 over the 2 of 3 settings it completed"
    assert rows["alone"].partial == "4th of 4 over the 1 of 3 settings it completed"
    assert {rows[key].partial for key in "abc"} == {""}
    # No mean over other settings stands in the column.
    assert rows["part"].values["aubc"].mean is None
    assert league.views[0].ranked_over == ()


def test_where_few_are_complete_the_common_block_is_ranked(at, league_of):
    league = league_of(
        *(at(s, "a", final=0.9) for s in "xyz"),
        *(at(s, m, final=f) for s in "xy" for m, f in (("b", 0.8), ("c", 0.7))),
        at("x", "d", final=0.6),
        at("z", "d", final=0.6),
    )
    rows, view = rows_of(league), league.views[0]
    names = {setting.key: setting.name for setting in league.settings}
    assert [names[key] for key in view.ranked_over] == ["x", "y"]
    assert [(key, row.rank) for key, row in rows.items()] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("d", None),
    ]
    # Means over x and y alone: a's third setting doesn't count.
    assert rows["a"].values["aubc"].mean == pytest.approx(65)
    assert rows["d"].values["aubc"].mean is None
    assert rows["d"].partial == "2nd of 2 over the 2 of 3 settings it completed"
    assert rows["b"].status == "incomplete"
    assert "Ranked over 2 of 3 settings: those that the ranked methods have in common." in (
        view.verdict.more
    )
    assert league.relations.entrants == tuple(
        entrant.key for entrant in league.entrants if entrant.id in "abc"
    )


def test_a_missing_seed_makes_a_setting_incomplete(at, league_of):
    league = league_of(
        *(at(s, m, seed) for s in "xy" for m in "ab" for seed in (1, 2)),
        *(at("x", "part", seed, 0.9) for seed in (1, 2)),
        at("y", "part", 1, 0.9),
    )
    part = rows_of(league)["part"]
    assert (part.rank, part.status) == (None, "incomplete")
    assert part.partial == "1st of 3 over the 1 of 2 settings it completed"


def test_a_failed_method_has_its_place_and_its_reason(at, league_of, broken):
    league = league_of(
        *(at(s, m) for s in "xy" for m in "ab"),
        at("x", "mine", final=0.1),
        make_failed(at("y", "mine"), broken),
    )
    mine = rows_of(league)["mine"]
    assert mine.status == "failed"
    assert mine.partial == "3rd of 3 over the 1 of 2 settings it completed"
    assert broken.reason in mine.notes[0]


def make_failed(result, failure):
    return result.model_copy(update={"status": "failed", "failure": failure, "loops": ()})


def test_a_single_setting_has_no_such_places(at, league_of):
    league = league_of(at("x", "a", 1), at("x", "a", 2), at("x", "b", 1), at("x", "c", 2))
    assert {row.partial for row in league.views[0].rows} == {""}
    assert {row.partial for row in league.settings[0].rows} == {""}

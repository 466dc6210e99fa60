from dataclasses import replace

from boards import league

from leaderboard.assemble.ranking.default import default_league


def measured(key, *, comparable=True, outdated=False):
    made = replace(league(key, "measured", key, 2, 1), comparable=comparable)
    badge = ("outdated protocol",) if outdated else ()
    entrants = tuple(replace(each, badges=(*each.badges, *badge)) for each in made.entrants)
    return replace(made, entrants=entrants)


PUBLISHED = [league("l-p", "published", "rollout", 2, 1), league("l-f", "published", "full", 2, 1)]


def test_the_newest_measured_league_comes_first():
    leagues = [measured("l-a"), measured("l-b"), *PUBLISHED]
    assert default_league(leagues, {"l-a": "2026-11-01", "l-b": "2026-11-02"}) == "l-b"
    assert default_league(leagues, {"l-a": "", "l-b": ""}) == "l-a"


def test_comparable_current_leagues_come_before_newer_ones_that_are_not():
    lite, old = measured("l-lite", comparable=False), measured("l-old", outdated=True)
    dates = {"l-lite": "2026-12-01", "l-old": "2026-12-02", "l-a": "2026-11-01"}
    assert default_league([lite, old, measured("l-a"), *PUBLISHED], dates) == "l-a"
    assert default_league([lite, old], dates) == "l-lite"
    assert default_league([old], dates) == "l-old"


def test_a_league_that_nothing_vouches_for_does_not_come_first():
    leagues = [measured("l-a"), measured("l-b")]
    assert default_league(leagues, {"l-b": "2020-01-01"}) == "l-b"


def test_without_measurements_it_is_the_papers_main_benchmark():
    assert default_league(PUBLISHED, {}) == "l-f"
    assert default_league(PUBLISHED[:1], {}) == "l-p"
    assert default_league([], {}) == ""


def test_the_board_knows_it(make, board_of):
    board = board_of(
        make(track="old", finished="2026-01-01T00:00:00Z"),
        make(track="new", finished="2026-02-01T00:00:00Z"),
        published=True,
    )
    assert next(each.track for each in board.leagues if each.key == board.default) == "new"
    empty = board_of(published=True)
    assert next(each.track for each in empty.leagues if each.key == empty.default) == "full"

import pytest

from leaderboard.assemble import make_board
from leaderboard.model import LeftOut
from leaderboard.read.load import Entries


def test_the_board_counts_what_is_there_and_what_would_be(make, board_of, broken):
    board = board_of(make("a", 1), make("a", 2), make("b", 1), make("c", 1, (0.5,), failure=broken))
    assert (board.results, board.failed, board.complete, board.expected) == (4, 1, 3, 6)
    assert board.protocols == ("1.0",)
    assert board.commits == ("1e99253",)


def test_what_nobody_asked_for_completes_nothing(make, board_of, change):
    mine = [make("mine", seed, origin="submission") for seed in (1, 2)]
    own = change(make("mine", 1, origin="submission"), "setting", name="own")
    board = board_of(make("a", 1), *mine, own)
    assert (board.results, board.complete, board.expected) == (4, 2, 2)


def test_the_day_is_that_of_the_newest_result(make, board_of):
    dated = [make("a", s, finished=f"2026-11-0{s}T23:59:59Z") for s in (1, 3, 2)]
    assert board_of(*dated, make("b")).made == "2026-11-03"
    assert board_of(make("b")).made == ""


def test_left_out_files_stay_on_the_board():
    board = make_board(Entries((), (LeftOut("x/result.json", "broken"),)))
    assert board.left_out == (LeftOut("x/result.json", "broken"),)
    assert board.leagues == ()


def test_published_leagues_come_last_and_only_if_asked_for(make, board_of):
    assert {league.group for league in board_of(make()).leagues} == {"measured"}
    board = board_of(make(), published=True)
    assert [league.group for league in board.leagues] == ["measured"] + ["published"] * 8
    assert "AJAnmRLJjJ" in board.bibliography
    assert board.results == board.expected == 1


def test_measured_and_published_entries_share_no_ranking(make, board_of):
    board = board_of(make("clasp_pe", track="full", comparable=True), published=True)
    for league in board.leagues:
        own = {entrant.key for entrant in league.entrants}
        for table in (*league.views, *league.settings):
            assert {row.entrant for row in table.rows} <= own
        assert set(league.relations.entrants) <= own


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_results_changes_nothing(make, board_of, order):
    results = [make(m, s, (0.5, 0.6, 0.6 + s / 10)) for m in ("b", "a") for s in (2, 1)]
    assert board_of(*results[::order]) == board_of(*sorted(results, key=str))


def test_what_failed_is_not_done(make, board_of, broken):
    board = board_of(*(make(name, dice=(0.5,), failure=broken) for name in "ab"))
    assert (board.complete, board.expected, board.failed) == (0, 2, 2)

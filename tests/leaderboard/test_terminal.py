from leaderboard.assemble import make_board
from leaderboard.entries import Entries
from leaderboard.terminal import top_tables

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def board_of(*results, **over):
    return make_board(Entries(results, ()), **over)


def test_top_rows_are_plain_text_best_first(make, broken):
    board = board_of(
        make("random", 1, (0.5, 0.5, 0.5)),
        make("bald", 1, (0.5, 0.6, 0.7), oracle=True),
        make("mine", 1, (), failure=broken, origin="submission"),
    )
    (table,) = top_tables(board)
    first, second, third = table.rows
    assert table.columns == ("Final Dice", "AUBC")
    assert (first.rank, first.method, *first.figures, first.badges, first.done) == (
        ("1", "bald", "70.0", "60.0", "baseline, uses ground truth", "1 of 1")
    )
    assert (second.rank, second.method) == ("2", "random")
    assert (third.rank, third.method, third.figures, third.done) == (
        ("-", "mine", ("n/a", "n/a"), "0 of 1")
    )
    assert table.title == "demo: phantom_tiny"
    (table,) = top_tables(board, limit=1)
    assert table.rows == (first, third)  # a submission is always shown


def test_several_seeds_have_a_spread_and_an_interval_of_the_rank(make):
    results = [make(m, s, (0.5, 0.6, 0.6 + s / 10)) for m in "ab" for s in (1, 2, 3)]
    row = top_tables(board_of(*results))[0].rows[0]
    # AUBC (.5 + 2 * .6 + .7) / 4 = .6, and .625 and .65
    assert row.figures[1] == f"62.5 {PLUS_MINUS} 2.5"
    assert row.rank == "1 a"
    assert row.done == "3 of 3"


def test_several_settings_are_counted_and_published_leagues_left_to_the_page(make):
    other = make()
    other = other.model_copy(update={"setting": other.setting.model_copy(update={"name": "b"})})
    board = board_of(make(), other, published=True)
    (table,) = top_tables(board)
    (row,) = table.rows
    assert table.title.endswith("2 settings")
    assert row.done == "2 of 2"

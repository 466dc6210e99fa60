from dataclasses import replace

import pytest

from benchmark.cli.tables import print_top
from leaderboard.assemble import make_board
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries
from leaderboard.terminal import layouts, top_tables

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def board_of(*results, **over):
    return make_board(Entries(tuple(map(facts_of, results)), ()), **over)


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
        ("1", "BALD", "70.0", "60.0", ("uses ground truth",), "1 of 1")
    )
    assert (second.rank, second.method, second.badges) == ("2", "Random", ())
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
    assert row.rank == "1 (1\N{EN DASH}2) a"
    assert row.done == "3 of 3"


def test_several_settings_are_counted_and_published_leagues_left_to_the_page(make):
    other = make()
    other = other.model_copy(update={"setting": other.setting.model_copy(update={"name": "b"})})
    board = board_of(make(), other, published=True)
    (table,) = top_tables(board)
    (row,) = table.rows
    assert table.title.endswith("2 settings")
    assert row.done == "2 of 2"


def test_the_verdict_and_the_test_stand_with_the_table(make):
    results = [
        make(m, s, (0.5, 0.6, d + s / 99)) for m, d in (("a", 0.6), ("b", 0.9)) for s in (1, 2, 3)
    ]
    headline, *more = top_tables(board_of(*results))[0].verdict
    assert headline.startswith("b has the highest AUBC (65.5 %), 7.5 percentage points ahead")
    assert more[-2:] == [
        f"{PLUS_MINUS}: sample standard deviation over seeds.",
        "Letters: paired t-tests over seeds, 0.05.",
    ]
    (one_seed,) = top_tables(board_of(make("a"), make("b")))
    assert not any(PLUS_MINUS in line for line in one_seed.verdict)


def test_wrapped_sentences_of_the_verdict_stay_indented(make, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    (table,) = top_tables(board_of(make("a"), make("b")))
    print_top(table)
    sentences = capsys.readouterr().out.split("A single seed")[1].splitlines()[1:]
    assert all(line.startswith("  ") for line in sentences if line)
    assert len(sentences) > len(table.verdict)


def test_narrower_layouts_drop_badges_then_counts_then_figures(make):
    board = board_of(make("random"), make("mine", origin="submission"))
    every = layouts(top_tables(board)[0])
    assert [(each.heads, each.badges) for each in every] == [
        (("rank", "method", "Final Dice", "AUBC", "done", ""), True),
        (("rank", "method", "Final Dice", "AUBC", "done"), False),
        (("rank", "method", "Final Dice", "AUBC"), False),
        (("rank", "method", "AUBC", "done", ""), True),
        (("rank", "method", "AUBC", "done"), False),
        (("rank", "method", "AUBC"), False),
        (("rank", "method", "done", ""), True),
        (("rank", "method", "done"), False),
        (("rank", "method"), False),
    ]
    assert {len(row) for each in every for row in each.rows} == {2, 3, 4, 5, 6}
    assert every[0].rows[0][3] == every[3].rows[0][2] != every[0].rows[0][2]
    assert all(len(row) == len(each.heads) for each in every for row in each.rows)


@pytest.mark.parametrize("width", [80, 100, 66])
def test_names_stay_whole_whatever_the_badges_are(make, monkeypatch, capsys, width):
    monkeypatch.setenv("COLUMNS", str(width))
    names = ["A method that got a rather long name from its authors", "Short"]
    board = board_of(
        make("random_fg66", oracle=True),
        *(
            make(f"m{n}-0123abcd", name=name, origin="submission", oracle=True)
            for n, name in enumerate(names)
        ),
    )
    (table,) = top_tables(board)
    badges = ("submission", "uses ground truth", "isolation unknown", "pretrained", "failed")
    print_top(replace(table, rows=tuple(replace(row, badges=badges) for row in table.rows)))
    lines = capsys.readouterr().out.splitlines()
    for name in (*names, "Random 66 % FG"):
        assert any(name in line for line in lines)
    assert max(map(len, lines)) <= width


def test_names_are_folded_only_where_nothing_else_helps(make, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    name = "A method that got a rather long name"
    print_top(top_tables(board_of(make("m-0123abcd", name=name, origin="submission")))[0])
    text = " ".join(capsys.readouterr().out.split())
    assert name.rsplit(maxsplit=1)[-1] in text
    assert "AUBC" not in text.split("is the only")[0]

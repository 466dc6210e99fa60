import csv
import doctest
import io
import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from leaderboard import export
from leaderboard.assemble import make_board
from leaderboard.formatting import beside
from leaderboard.metrics.mean_ranks import MEAN_RANK
from leaderboard.model import Column, Value
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries


def board_of(*results):
    return make_board(Entries(tuple(map(facts_of, results)), ()))


@pytest.fixture
def board(make, broken):
    evil = "=cmd|'x'!A1_{}$%&<script>"
    return board_of(
        make("random", 1, (0.5, 0.6, 0.7), oracle=True),
        make("random", 2, (0.5, 0.7, 0.9), oracle=True),
        make("mine", 1, (), failure=broken, name=evil, origin="submission"),
    )


def lines(board):
    return list(csv.DictReader(io.StringIO(export.long_csv(board))))


def test_csv_has_a_line_for_every_figure(board):
    whole = [line for line in lines(board) if line["classes"] == "all"]
    found = {(line["method_id"], line["column"]): line for line in whole}
    columns = {column.name for column in board.leagues[0].columns}
    columns |= {"rank", "rank_by_final_dice"}
    assert set(found) == {(m, c) for m in ("random", "mine") for c in columns}
    aubc = found["random", "aubc"]
    assert (aubc["mean"], aubc["spread"], aubc["low"], aubc["high"], aubc["unit"]) == (
        ("65", "7.071", "1.469", "100", "%")
    )
    assert (aubc["settings"], aubc["dataset"], aubc["group"]) == (
        "phantom_tiny",
        "phantom",
        "measured",
    )
    cohort = board.leagues[0].settings[0].cohort
    assert (found["random", "rank"]["compared"], aubc["compared"]) == (cohort, "")
    assert found["random", "mean_rank"]["compared"] == cohort
    failed = found["mine", "aubc"]
    assert (failed["mean"], failed["status"]) == ("n/a", "failed")
    assert failed["reason"] == "no complete experiment"


@pytest.mark.parametrize("sign", list("=+-@\uff1d\uff0b\uff0d\uff20"))
def test_no_cell_of_the_csv_is_a_formula(make, sign):
    result = make("a", name=f"{sign}1+1", track=f"{sign}track")
    for line in lines(board_of(result)):
        assert line["method"] == f"'{sign}1+1"
        assert line["league"].startswith(f"'{sign}")


def test_the_json_is_the_boards(board):
    content = json.loads(export.to_json(board))
    assert content["leagues"][0]["key"] == board.leagues[0].key


def test_markdown_is_a_table_without_markup_of_others(board):
    text = export.to_markdown(board)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert table[0] == ("| Rank | Method | AUBC (%) | Final Dice (%) | Mean rank | Badges |")
    assert table[2] == (
        "| 1 a | Random | 65.0 (1.5\N{EN DASH}100.0) | 80.0 (0.0\N{EN DASH}100.0) "
        "| 1.00 \N{PLUS-MINUS SIGN} 0.00 | baseline, uses ground truth |"
    )
    assert table[3] == (
        r"| - | =cmd\|'x'\!A1\_\{\}\$%\&\<script\> | n/a | n/a | n/a | submission, failed |"
    )


def test_latex_is_a_booktabs_table_with_everything_escaped(board):
    text = export.to_latex(board)
    assert r"\toprule" in text
    assert r"Random & 65.0 (1.5--100.0) & 80.0 (0.0--100.0) & 1.00 $\pm$ 0.00" in text
    assert r"=cmd|'x'!A1\_\{\}\$\%\&\textless{}script\textgreater{} & n/a" in text
    assert f"\\label{{tab:{board.leagues[0].key}}}" in text


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "text"),
    [
        (Value(71.26, 1.23, 70, 73), "%", "interval", "71.3 (70.0\N{EN DASH}73.0)"),
        (Value(71.26, 1.23, 70, 73), "%", "spread", "71.3 \N{PLUS-MINUS SIGN} 1.2"),
        (Value(71.26, 1.23), "%", "interval", "71.3 \N{PLUS-MINUS SIGN} 1.2"),
        (Value(71.26, None, 70, 73), "%", "spread", "71.3 (70.0\N{EN DASH}73.0)"),
        (Value(71.26, reason="one seed"), "%", "interval", "71.3"),
        (Value(reason="nothing"), "%", "interval", "n/a"),
        (Value(12345.0), "voxels", "interval", "12\N{NARROW NO-BREAK SPACE}345"),
    ],
)
def test_a_value_as_readers_see_it(value, unit, wanted, text):
    column = Column("a", "A", unit, "", higher_is_better=True, beside=wanted)
    assert export.value_text(value, column) == text


def test_the_caption_says_what_stands_beside_which_column(board):
    said = (
        "Means over seeds; AUBC, Final Dice with 95 % interval; "
        f"Mean rank with \N{PLUS-MINUS SIGN} {MEAN_RANK.spread}"
    )
    assert said in export.to_markdown(board)
    printed = make_board(Entries((), ()), published=True)
    (rollout,) = export.chosen(printed, ["rollout"])
    text = export.to_markdown(replace(printed, leagues=(rollout,)))
    assert "AUBC, Final Dice, FG-Eff with 95 % interval" in text


def test_the_caption_names_the_test_behind_the_letters_and_says_the_verdict(board):
    assert "is the only ranked method" in export.to_markdown(board)
    league = next(
        each
        for each in make_board(Entries((), ()), published=True).leagues
        if each.track == "training_500"
    )
    latex = export.to_latex(replace(board, leagues=(league,)))
    assert "Means over the 4 of 5 settings that are compared" in latex
    assert "share a letter can't be told apart (t-tests with pooled variance from the" in latex
    view = league.views[0]
    part = replace(league, views=(replace(view, classes=("liver",), dataset="lits"),))
    assert "For liver in lits alone: means over the 4 of 5 settings" in export.to_latex(
        replace(board, leagues=(part,))
    )
    verdict = view.verdict
    assert verdict.repeat
    assert f". {verdict.headline} {verdict.repeat} " in latex.replace(r"\%", "%").replace(
        r"\_", "_"
    )


def test_printed_figures_stand_beside_their_means_as_printed():
    for league in make_board(Entries((), ()), published=True).leagues:
        columns = {column.name: column for column in league.columns}
        # Some studies print no FG-Eff.
        assert ("fg_eff" in columns) == any(
            row.values["fg_eff"].mean is not None for each in league.settings for row in each.rows
        )
        if "fg_eff" in columns:
            assert "variance" in columns["fg_eff"].spread
            assert "variance" in columns["fg_eff"].help
        for setting in league.settings:
            for row in setting.rows:
                for name in ("aubc", "final_dice", "fg_eff"):
                    value = row.values[name]
                    if value.mean is not None:
                        assert beside(value, columns[name]).startswith("\N{PLUS-MINUS SIGN} ")


def test_addresses_in_markdown_are_no_links(make):
    text = export.to_markdown(board_of(make("a", name="https://evil.example WWW.evil.example")))
    assert r"https\://evil.example WWW\.evil.example" in text


def test_leagues_are_chosen_by_key_track_or_title(make):
    board = board_of(make(), make(track="other"))
    demo, other = sorted(board.leagues, key=lambda league: league.track)
    for name in (other.key, "other", other.title):
        assert export.chosen(board, [name]) == (other,)
    assert export.chosen(board, []) == (demo, other) == board.leagues
    assert export.chosen(board, ["nix"]) == ()


def test_the_example_holds():
    assert doctest.testmod(export) == (0, 1)


def test_nothing_in_a_cell_is_a_command():
    text = export.latex_escaped(r"\input{x} #$%&_^~{}<>")
    assert text.startswith(r"\textbackslash{}input\{x\} \#\$\%\&\_\textasciicircum{}")


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_latex_takes_it(tmp_path):
    table = export.latex_table(
        ["a", "b", "c", "d"], [["1", r"\x{}", "2 % 3", "<_>"]], caption="#", label="t"
    )
    head = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    text = f"{head}{table}\\end{{document}}"
    (tmp_path / "x.tex").write_text(text)
    command = ["pdflatex", "-halt-on-error", "x.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

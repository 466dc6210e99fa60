import csv
import io
import subprocess
import sys

import pytest

from leaderboard.board import top_rows
from leaderboard.build import build
from leaderboard.export import to_csv
from nnactive.errors import UserError


def test_same_results_same_bytes_whatever_the_order_of_files(make, store, tmp_path, broken):
    results = [make(m, s, (0.5, 0.6, 0.6 + s / 10)) for m in ("bald", "random") for s in (1, 2)]
    results.append(make("mine", 1, (0.5,), failure=broken, origin="submission"))
    build([store(*results, folder="a")], tmp_path / "1.html")
    build([store(*results[::-1], folder="elsewhere")], tmp_path / "2.html")
    halves = [store(*results[3:], folder="c"), store(*results[:3], folder="d")]
    build(halves, tmp_path / "3.html")
    pages = {(tmp_path / f"{n}.html").read_bytes() for n in (1, 2, 3)}
    assert len(pages) == 1


def test_malformed_files_are_on_the_page_and_the_rest_counts(make, store, tmp_path):
    root = store(make())
    (root / "demo" / "result.json").write_text("{")
    board = build([root], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert board.results == 1
    assert "demo/result.json" in page
    assert "not valid JSON" in page
    assert str(tmp_path) not in page


def test_no_results_at_all_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match=r"no result\.json"):
        build([tmp_path], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_top_rows_are_plain_text_best_first(make, store, tmp_path, broken):
    root = store(
        make("random", 1, (0.5, 0.5, 0.5)),
        make("bald", 1, (0.5, 0.6, 0.7), oracle=True),
        make("mine", 1, (), failure=broken, origin="submission"),
    )
    board = build([root], tmp_path / "page.html")
    first, second, third = top_rows(board)
    assert (first.rank, first.method, first.aubc, first.final_dice, first.badges, first.seeds) == (
        ("1", "bald", "60.0 ± n/a", "70.0 ± n/a", "baseline, oracle", "1 of 1")
    )
    assert (second.rank, second.method) == ("2", "random")
    assert (third.rank, third.method, third.aubc, third.seeds) == ("-", "mine", "n/a", "0 of 1")
    assert top_rows(board, limit=1) == [first, third]  # a submission is always shown


def test_csv_has_a_line_a_row_and_no_formula(make, store, tmp_path, broken):
    root = store(
        make("random", 1, (0.5, 0.6, 0.7)),
        make("mine", 1, (), failure=broken, name='=cmd|"x",1', origin="submission"),
    )
    text = to_csv(build([root], tmp_path / "page.html"))
    first, second = csv.DictReader(io.StringIO(text))
    assert float(first["aubc_percent_mean"]) == pytest.approx(60)
    assert first["aubc_percent_std"] == "n/a"
    assert float(first["training_seconds_mean"]) == 300
    assert second["method"] == '\'=cmd|"x",1'
    assert second["rank"] == second["final_dice_percent_mean"] == "n/a"
    assert broken.reason in second["notes"]


def test_importing_the_board_loads_no_plotting():
    code = "import sys, leaderboard.build, leaderboard.page; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

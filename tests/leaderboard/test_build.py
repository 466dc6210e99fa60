import subprocess
import sys

import pytest

from leaderboard.build import build, load_board
from nnactive.errors import UserError


def test_same_results_same_bytes_whatever_the_order_of_files(make, store, tmp_path, broken):
    results = [make(m, s, (0.5, 0.6, 0.6 + s / 10)) for m in ("bald", "random") for s in (1, 2)]
    results.append(make("mine-0123abcd", 1, (0.5,), failure=broken, origin="submission"))
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


def test_strict_refuses_a_malformed_file_and_writes_nothing(make, store, tmp_path):
    root = store(make())
    (root / "demo" / "result.json").write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        build([root], tmp_path / "page.html", strict=True)
    assert not (tmp_path / "page.html").exists()


def test_no_results_at_all_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match=r"no result\.json"):
        build([tmp_path], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    with pytest.raises(UserError, match="no folder given"):
        load_board([])


def test_published_figures_need_no_results(tmp_path):
    board = load_board([], published=True)
    assert len(board.leagues) == 8


def test_importing_the_board_loads_no_plotting():
    code = "import sys, leaderboard.build, leaderboard.page; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

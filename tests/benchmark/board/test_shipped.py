"""The public board in the checkout: its entries are what was accepted, and make a page."""

from pathlib import Path

import pytest

from benchmark.board.entry import USUAL
from benchmark.board.look import verdicts
from leaderboard.build import load_board

BOARD = Path(__file__).parents[3] / USUAL


def test_its_entries_verify() -> None:
    found = list(verdicts(BOARD))
    assert len(found) >= 5
    assert [each.problems for each in found] == [()] * len(found)


def test_nothing_of_it_is_left_out() -> None:
    board = load_board([], entries=BOARD, strict=True)
    assert not board.left_out
    assert not board.unvouched
    assert {league.track for league in board.leagues} == {"demo"}


def test_it_holds_no_path_of_a_machine() -> None:
    for path in BOARD.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not any(each in text for each in ("/home/", "/root/", "/srv/")), path.name


if not BOARD.is_dir():
    pytest.skip("no leaderboard/entries here", allow_module_level=True)

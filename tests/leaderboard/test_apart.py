"""The page of a large board, and the files beside it; the boards are stand-ins."""

import html
import json
import re
from dataclasses import replace

import boards
import pytest

from leaderboard.build import build
from leaderboard.model import MethodInSetting
from leaderboard.page import apart, make_page, render
from leaderboard.page.libraries import unpack
from leaderboard.payload import board_json, details_json, split
from nnactive.io.beside.companions import folder_of

FILE = re.compile(r'nnactiveTake\("([\w-]+)","([A-Za-z0-9+/=]+)"\);\n')


@pytest.fixture(scope="module")
def board():
    return boards.board(14, 5)


@pytest.fixture(scope="module")
def page(board):
    return make_page(board, "page_files", most_rows=100)


def data(text, name="data"):
    text = re.search(rf'<script type="[^"]*" id="{name}">([^<]*)</script>', text)[1]
    return json.loads(unpack(text) if name == "data" else text)


def pieces(page):
    """By key, read as the script does."""
    found = {}
    for key, name in data(page.html, "beside")["files"].items():
        told, packed = FILE.fullmatch(page.companions[f"{name}.js"]).groups()
        assert told == name
        found[key] = json.loads(unpack(packed))
    return found


def test_a_board_up_to_the_bound_is_one_file_as_ever(board):
    rows = sum(len(setting.rows) for league in board.leagues for setting in league.settings)
    assert make_page(board, "page_files").html == render(board)
    assert not make_page(board, "page_files", most_rows=rows).companions
    assert make_page(board, "page_files", most_rows=rows - 1).companions
    assert not apart.is_large(boards.board(20, 24))
    assert apart.is_large(boards.board(60, 24))


def test_many_montages_make_a_board_large(board):
    shot = "data:image/webp;base64," + "A" * 60_000
    league = board.leagues[0]
    for number, large in ((20, False), (26, True)):
        details = {"m": (MethodInSetting("s", pictures=(shot,) * number),)}
        montages = replace(board, leagues=(replace(league, details=details),))
        assert apart.is_large(montages) == large


def test_the_same_board_gives_the_same_bytes_and_names_follow_the_content(board, page):
    again = make_page(boards.board(14, 5), "page_files", most_rows=100)
    assert again == page
    league = board.leagues[0]
    entrants = (replace(league.entrants[0], description="Another."), *league.entrants[1:])
    other = replace(board, leagues=(replace(league, entrants=entrants), *board.leagues[1:]))
    changed = make_page(other, "page_files", most_rows=100)
    assert len(set(page.companions) - set(changed.companions)) == 1
    assert len(set(changed.companions) - set(page.companions)) == 1


def test_page_and_files_together_hold_the_whole_board(board, page):
    whole, found = board_json(board), pieces(page)
    content = data(page.html)
    assert content == json.loads(json.dumps(split(whole)[0]))
    for league in content["leagues"]:
        for number, view in enumerate(league["views"]):
            if view["rows"] is None:
                view["rows"] = found[f"{league['key']}-view-{number}"]["rows"]
        for setting in league["blocks"]:
            setting["rows"] = found[setting["key"]]["rows"]
        if league["relations"]["penalties"] is None:
            league["relations"]["penalties"] = found[f"{league['key']}-penalties"]["penalties"]
    assert content == json.loads(json.dumps(whole))
    for league in board.leagues:
        for n, entrant in enumerate(league.entrants):
            own = found[entrant.key]
            assert own["details"] == details_json(board).get(entrant.key, [])
            assert len(own["rows"]) == len(league.settings)
            assert {row[0] for row in own["rows"].values()} == {n}


def test_the_page_keeps_its_rankings_and_says_where_the_rest_is(board, page):
    whole = render(board)
    row = re.compile(r"<tr[^>]*><td[^>]*>(?:(?!</tr>).)*</tr>", re.DOTALL)
    rows = sum(len(league.views[0].rows) for league in board.leagues)
    rankings = re.findall(r'<table class="ranking".*?</table>', page.html, re.DOTALL)
    assert sum(len(row.findall(table)) for table in rankings) == rows
    assert '<td class="x">' in whole
    assert '<td class="x">' not in page.html
    assert 'class="in-setting"' not in page.html
    assert page.html.count("are in the folder <bdi>page_files</bdi> beside this page") == 4
    assert "beside this page and need" not in whole
    for league in board.leagues:
        for key in (*(e.key for e in league.entrants), *(s.key for s in league.settings)):
            assert f'id="{key}"' in page.html
    svgs = [text.count("<svg") for text in (page.html, whole)]
    assert svgs[0] == svgs[1] - 4 * len(board.leagues[0].settings)


def test_a_card_and_a_setting_have_the_markup_of_a_small_page(board, page):
    whole, found = render(board), pieces(page)
    assert found["l-1-m-003"]["html"].strip() in whole
    body = found["l-1-s-002"]["html"]
    before, table, after = re.split(r"(<tbody>\s*</tbody>)", body)
    assert table
    assert before.strip() in whole
    assert after.strip() in whole


def test_what_strangers_wrote_is_only_in_packed_files_and_escaped_there(board):
    evil = "</script><img src=x onerror=alert(1)>"
    league = board.leagues[0]
    entrants = tuple(replace(e, description=evil, problems=(evil,)) for e in league.entrants)
    found = make_page(
        replace(board, leagues=(replace(league, entrants=entrants),)), "f", most_rows=1
    )
    assert evil not in found.html
    assert all(FILE.fullmatch(text) for text in found.companions.values())
    assert not any("<img" in piece.get("html", "") for piece in pieces(found).values())
    assert "&lt;img" in pieces(found)["l-1-m-001"]["html"]


def test_policies_allow_scripts_that_the_page_adds_from_its_own_place(page, board):
    found = re.findall(r'Content-Security-Policy" content="([^"]*)"', page.html)
    first, second = (
        dict(rule.split(" ", 1) for rule in html.unescape(each).split("; ")) for each in found
    )
    hashes = first["script-src"].split()
    assert hashes[-1] == "'strict-dynamic'"
    assert all(each.startswith("'sha256-") for each in hashes[:-1])
    assert first["default-src"] == "'none'"
    assert second == {"script-src": "'self' file: 'unsafe-inline'"}
    assert "strict-dynamic" not in render(board)


def test_a_build_writes_the_folder_and_removes_what_an_earlier_one_left(
    make, store, tmp_path, monkeypatch
):
    results = [make(m, s, (0.5, 0.6, 0.6 + s / 10)) for m in ("bald", "random") for s in (1, 2)]
    root, out = store(*results), tmp_path / "out" / "page.html"
    monkeypatch.setattr(apart, "MOST_ROWS", 1)
    build([root], out)
    first = {path.name: path.read_bytes() for path in folder_of(out).iterdir()}
    build([root], tmp_path / "out" / "again" / "page.html")
    folder = folder_of(tmp_path / "out" / "again" / "page.html")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    build([store(make("random", 3), folder="more"), root], out)
    second = {path.name for path in folder_of(out).iterdir()}
    assert second != set(first)
    names = data(out.read_text(), "beside")["files"].values()
    assert second == {*(f"{name}.js" for name in names), "manifest.json"}
    monkeypatch.undo()
    build([root], out)
    assert not folder_of(out).exists()

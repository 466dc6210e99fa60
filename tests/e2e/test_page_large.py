"""The page of a large board and the files beside it in a real browser; the boards are stand-ins."""

import json
import re
import shutil
from dataclasses import replace

import boards
import pytest
import synthetic
from browsers import MARKS, Tab
from large import write_large

from leaderboard.assemble import make_board
from leaderboard.export import long_csv
from leaderboard.model import View
from leaderboard.page import render
from leaderboard.payload import board_json
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries
from nnactive.io.beside.companions import MANIFEST, folder_of

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS
PAGE_BYTES, OPENING, SORTING = 3_000_000, 3.0, 0.2
"""What a page of 300 methods in 24 settings may take; the times are of processor, in seconds."""
TWENTY_FIVE_TIMES_WORSE = 619_000 / 25
"""Nodes of such a page that had everything in it, and a bound."""
MISSING = "page_files/ is missing or belongs to another build of this page: keep both together."


@pytest.fixture(scope="module")
def board():
    """Measured results, with details, beside published figures."""
    world = synthetic.World(methods=14, settings=4, seeds=2, cases=3, patches=4)
    found = make_board(
        Entries([facts_of(each) for each in synthetic.results(world)], (), frozenset(), ())
    )
    return replace(found, leagues=(*found.leagues, *boards.board(12, 5).leagues[1:]))


@pytest.fixture(scope="module")
def path(board, tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "page.html"
    write_large(board, path)
    return path


@pytest.fixture
def address(path):
    return path.as_uri()


@pytest.fixture
def alone(path, tmp_path):
    """The page without its folder."""
    shutil.copyfile(path, tmp_path / "page.html")
    return tmp_path / "page.html"


def brought(tab):
    """Keys of the files that the page asked for."""
    asked = [re.search(r"/page_files/(.+)-[0-9a-f]{12}\.js$", each) for each in tab.requests]
    return [each[1] for each in asked if each]


def card(page, key):
    page.evaluate("key => { location.hash = key; }", key)
    return page.locator(f"[id='{key}']")


def test_opening_and_sorting_need_no_file(tab, address, board):
    page = tab.open(address)
    page.locator("table.ranking:visible thead button", has_text="Method").click()
    page.locator("#columns").evaluate("node => { node.open = true; }")
    page.locator("#columns input[value=training_hours]").click()
    assert page.locator("table.ranking:visible thead th", has_text="Training").count() == 1
    assert page.locator("table.ranking:visible tbody tr").count() == len(board.leagues[0].entrants)
    assert page.locator("#l-2 table.ranking tbody tr").count() == 12
    assert brought(tab) == []
    assert tab.complaints == []


def test_a_card_loads_its_file_alone(tab, address, board):
    page = tab.open(address)
    entrant = board.leagues[0].entrants[2]
    found = card(page, entrant.key)
    found.locator("table").first.wait_for()
    assert found.locator("summary bdi").inner_text() == entrant.name
    assert found.locator("h4", has_text="By loop and class").count() == 1
    assert found.locator("svg.plot").count() >= 3
    assert brought(tab) == [entrant.key]
    found.locator("summary").click()
    found.locator("summary").click()
    assert brought(tab) == [entrant.key]
    assert len(tab.requests) == 2
    assert tab.complaints == []


def test_a_setting_loads_its_file_and_is_as_in_a_small_page(browser, address, board, tmp_path):
    small = tmp_path / "small.html"
    small.write_text(render(board), "utf-8")
    key = board.leagues[0].settings[1].key
    seen = []
    for place in (address, small.as_uri()):
        tab = Tab(browser, viewport={"width": 1280, "height": 900})
        page = tab.open(f"{place}#view=settings")
        fold = page.locator(f"[id='{key}']")
        fold.locator("summary").click()
        fold.locator("tbody tr").first.wait_for()
        fold.locator("figure").first.evaluate("node => node.scrollIntoView()")
        fold.locator("figure.live").first.wait_for()
        seen.append([
            fold.locator("table").inner_text(),
            fold.locator("figcaption").all_inner_texts(),
            fold.locator("figure > button").count(),
        ])  # fmt: skip
        assert brought(tab) == ([key] if place == address else [])
        assert tab.complaints == []
        tab.context.close()
    assert seen[0] == seen[1]


def a_view_apart(board) -> tuple[View, str]:
    """A view whose rows are in a file, and its address."""
    view = next(view for view in board.leagues[0].views[1:] if len(view.settings) > 2)
    chosen = {"dataset": view.dataset, "regime": view.regime, "patch": view.patch}
    return view, "&".join(f"{name}={value}" for name, value in chosen.items() if value)


def test_a_filter_loads_its_view(tab, address, board):
    league = board.leagues[0]
    view, fragment = a_view_apart(board)
    page = tab.open(address)
    page.evaluate("text => { location.hash = text; }", fragment)
    words = f"{len(view.settings)} settings"
    page.locator(".chosen:visible", has_text=words).wait_for()
    names = page.locator("table.ranking:visible tbody th > a bdi").all_inner_texts()
    known = {entrant.key: entrant.name for entrant in league.entrants}
    assert names == [known[row.entrant] for row in view.rows]
    assert brought(tab) == [f"{league.key}-view-{league.views.index(view)}"]
    assert tab.complaints == []


def test_a_comparison_loads_the_two_methods_and_is_as_in_a_small_page(
    browser, address, board, tmp_path
):
    small = tmp_path / "small.html"
    small.write_text(render(board), "utf-8")
    first, second = (entrant.key for entrant in board.leagues[0].entrants[:2])
    seen = []
    for place in (address, small.as_uri()):
        tab = Tab(browser, viewport={"width": 1280, "height": 900})
        page = tab.open(f"{place}#compare={first},{second}")
        page.locator("#compared h3", has_text="Cost").wait_for()
        seen.append(page.locator("#compared").inner_text())
        assert sorted(brought(tab)) == (sorted([first, second]) if place == address else [])
        assert tab.complaints == []
        tab.context.close()
    assert seen[0] == seen[1]


def test_downloads_are_the_command_lines(tab, address, board):
    page = tab.open(address)
    page.locator("#downloads summary").click()
    save = lambda kind: tab.download(page.locator(f"[data-save={kind}]").click)  # noqa: E731
    assert json.loads(save("json")) == json.loads(json.dumps(board_json(board)))
    assert save("csv") == long_csv(board)
    assert len(brought(tab)) == len({*brought(tab)})
    assert tab.complaints == []


@pytest.mark.parametrize("kind", ["missing", "stale", "damaged"])
def test_what_cannot_be_loaded_is_said_in_each_view(tab, alone, path, board, kind):
    folder = folder_of(alone)
    if kind != "missing":
        shutil.copytree(folder_of(path), folder)
        for file in folder.glob("*.js"):
            if kind == "stale":
                file.rename(file.with_name(file.name.replace(file.stem[-12:], "0" * 12)))
            else:
                file.write_text(file.read_text()[:200] + '");\n')
    page = tab.open(alone.as_uri())
    assert page.locator("table.ranking:visible tbody tr").count() == len(board.leagues[0].entrants)
    assert MISSING not in page.locator("body").inner_text()
    keys = [entrant.key for entrant in board.leagues[0].entrants[:2]]
    found = card(page, keys[0])
    found.locator(".notice", has_text=MISSING).wait_for()
    page.evaluate("location.hash = 'view=settings'")
    fold = page.locator("details.setting:visible").first
    fold.locator("summary").click()
    fold.locator(".notice", has_text=MISSING).wait_for()
    page.evaluate("text => { location.hash = text; }", f"compare={','.join(keys)}")
    page.locator("#compared .notice", has_text=MISSING).wait_for()
    page.evaluate("text => { location.hash = text; }", a_view_apart(board)[1])
    page.locator("#said", has_text=MISSING).wait_for()
    assert not page.locator("table.ranking:visible").count()
    page.locator("#downloads summary").click()
    page.locator("[data-save=csv]").click()
    page.locator("#downloads .notice", has_text=MISSING).wait_for()


def test_a_folder_that_comes_back_is_found(tab, alone, path, board):
    page = tab.open(alone.as_uri())
    found = card(page, board.leagues[0].entrants[0].key)
    found.locator(".notice", has_text=MISSING).wait_for()
    shutil.copytree(folder_of(path), folder_of(alone))
    found.locator("summary").click()
    found.locator("summary").click()
    found.locator("table").first.wait_for()
    assert not found.locator(".notice", has_text=MISSING).count()


def test_without_javascript_it_shows_every_ranking_and_says_where_the_rest_is(
    browser, address, board
):
    tab = Tab(browser, java_script_enabled=False)
    page = tab.open(address, ready=False)
    rows = sum(len(league.views[0].rows) for league in board.leagues)
    assert page.locator("table.ranking:visible tbody tr").count() == rows
    said = page.locator(".notice:visible", has_text="are in the folder page_files beside this page")
    assert said.count() == 2 * len(board.leagues)
    assert len(tab.requests) == 1
    tab.context.close()


def test_no_script_runs_that_the_page_did_not_add_itself_from_its_own_place(tab, path, tmp_path):
    shutil.copytree(folder_of(path), folder_of(tmp_path / "page.html"))
    (folder_of(tmp_path / "page.html") / "evil.js").write_text("document.title = 'evil';")
    text = path.read_text("utf-8").replace(
        "<main>", "<main><script>document.title = 'evil';</script>"
        '<script src="page_files/evil.js"></script>'
        "<img src=x onerror=\"document.title = 'evil'\">",
    )  # fmt: skip
    (tmp_path / "page.html").write_text(text, "utf-8")
    page = tab.open((tmp_path / "page.html").as_uri())
    page.wait_for_timeout(300)
    assert page.title() != "evil"
    assert any("strict-dynamic" in each for each in tab.complaints)
    # The page's own script may add one, but from nowhere else.
    page.evaluate("""() => new Promise((done) => {
      const script = document.createElement("script");
      script.src = "https://example.org/evil.js";
      script.onerror = done;
      document.head.append(script);
    })""")
    assert any("example.org" in each and "'self' file:" in each for each in tab.complaints)


def test_a_board_of_three_hundred_methods_is_small_opens_fast_and_sorts_at_once(tab, tmp_path):
    path = tmp_path / "page.html"
    address = write_large(boards.board(300, 24), path, most_rows=1000)
    assert path.stat().st_size < PAGE_BYTES
    files = [file for file in folder_of(path).iterdir() if file.name != MANIFEST]
    assert max(file.stat().st_size for file in files if "-m-" in file.name) < 100_000
    session = tab.context.new_cdp_session(tab.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent():
        found = session.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in found if each["name"] == "TaskDuration")

    before = spent()
    page = tab.open(address)
    assert page.locator("table.ranking:visible tbody tr").count() == 300
    assert spent() - before < OPENING
    nodes = page.evaluate("document.querySelectorAll('*').length")
    assert nodes < TWENTY_FIVE_TIMES_WORSE
    taken = []
    for title in ("AUBC", "Method", "Final Dice", "Rank"):
        before = spent()
        page.locator("table.ranking:visible thead button", has_text=title).first.click()
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        taken.append(spent() - before)
    assert sorted(taken)[1] < SORTING, taken
    assert brought(tab) == []
    assert tab.complaints == []

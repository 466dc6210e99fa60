"""Rankings by other metrics and by classes, in a real browser; the results are stand-ins."""

import json
from urllib.parse import urlencode

import pytest
import synthetic
from browsers import MARKS, Tab
from large import write_large

from leaderboard.assemble import make_board
from leaderboard.comparison import compare, sentence
from leaderboard.export import long_csv
from leaderboard.page import render
from leaderboard.payload import board_json
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS
WORLD = synthetic.World(
    methods=5, settings=8, seeds=3, loops=3, cases=3, classes=3, patches=8, quality=True
)


@pytest.fixture(scope="module")
def board():
    return make_board(Entries(tuple(map(facts_of, synthetic.results(WORLD))), ()))


@pytest.fixture(scope="module")
def address(board, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("metrics") / "page.html"
    path.write_text(render(board), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def large(board, tmp_path_factory) -> str:
    return write_large(board, tmp_path_factory.mktemp("large") / "page.html")


def view_of(board, by="", classes=(), dataset=None):
    (found,) = (
        view
        for view in board.leagues[0].views
        if (view.by, view.classes, view.dataset, view.regime, view.patch)
        == (by, classes, dataset, None, None)
    )
    return found


def shows(page, board, view):
    """Waits until a view is there: its verdict and its methods in order, with ranks and letters."""
    section = page.locator(f"#{board.leagues[0].key}")
    page.wait_for_function(
        "([key, text]) => document.querySelector(`#${key} .headline`).textContent === text",
        arg=[board.leagues[0].key, view.verdict.headline],
    )
    names = {card.key: card.name for card in board.leagues[0].entrants}
    rows = section.locator("table.ranking tbody tr").all()
    found = [
        (row.locator("td").first.inner_text().split()[0], row.locator("th a").inner_text())
        for row in rows
    ]
    wanted = [(f"{row.rank}", names[row.entrant]) for row in view.rows]
    assert found == wanted
    letters = section.locator("table.ranking tbody td.group").all_inner_texts()
    assert letters == ([row.ties for row in view.rows] if any(r.ties for r in view.rows) else [])
    (title,) = (c.title for c in board.leagues[0].columns if c.name == view.ranked_by)
    assert section.locator("table.ranking thead th.key").inner_text().startswith(title)
    assert section.locator(".more:not(.repeat)").inner_text() == " ".join(view.verdict.more)


@pytest.mark.parametrize("kind", ["whole", "large"])
def test_a_reader_ranks_by_another_metric_and_a_link_shows_the_same(
    tab, board, address, large, kind
):
    page = tab.open(address if kind == "whole" else large)
    shows(page, board, view_of(board))
    for by in ("hd95_aubc", "nsd2_final", "fg_ece_mean"):
        page.select_option("#rankers select", by)
        shows(page, board, view_of(board, by))
        assert f"by={by}" in page.url
    again = tab.open(page.url)
    shows(again, board, view_of(board, "fg_ece_mean"))
    again.go_back()
    again.select_option("#rankers select", "score")
    shows(again, board, view_of(board))
    assert "by=" not in again.url
    assert tab.complaints == []


@pytest.mark.parametrize("kind", ["whole", "large"])
def test_a_reader_ranks_by_classes_of_a_dataset(tab, board, address, large, kind):
    page = tab.open(address if kind == "whole" else large)
    menu = page.locator("#bar [data-filter=class]")
    assert menu.is_hidden()
    page.evaluate("location.hash = '#dataset=acdc'")
    shows(page, board, view_of(board, dataset="acdc"))
    menu.locator("summary").click()
    menu.locator("input[value='class 3']").check()
    shows(page, board, view_of(board, classes=("class 3",), dataset="acdc"))
    menu.locator("input[value='class 1']").check()
    shows(page, board, view_of(board, classes=("class 1", "class 3"), dataset="acdc"))
    # All three together are no choice: none stays checked.
    menu.locator("input[value='class 2']").click()
    shows(page, board, view_of(board, dataset="acdc"))
    page.evaluate("location.hash = '#dataset=acdc&class=class+2&by=hd95_final'")
    shows(page, board, view_of(board, "hd95_final", ("class 2",), "acdc"))
    # Another dataset has other classes.
    page.locator("#bar [data-filter=dataset] summary").click()
    page.locator("#bar input[name=dataset][value=acdc]").uncheck()
    assert "class=" not in page.url
    assert tab.complaints == []


@pytest.mark.parametrize("kind", ["whole", "large"])
def test_a_ranking_of_one_setting_has_its_curves_beside_it(tab, board, address, large, kind):
    setting = board.leagues[0].settings[0]
    chosen = {"dataset": setting.dataset, "regime": setting.regime, "patch": setting.patch_role}
    page = tab.open(address if kind == "whole" else large)
    curves = page.locator(f"#{board.leagues[0].key} .curves")
    assert curves.locator("svg").count() == 0
    page.evaluate("text => { location.hash = text; }", urlencode(chosen))
    curves.locator("svg").wait_for()
    assert setting.name in curves.locator("figcaption").inner_text()
    assert tab.complaints == []


def test_settings_without_a_ranking_by_the_metric_show_the_usual_one(tab, board, address):
    page = tab.open(f"{address}#regime=low&by=hd95_aubc")
    usual = next(v for v in board.leagues[0].views if v.regime == "low" and not v.dataset)
    shows(page, board, usual)
    chosen = page.locator("#rankers select")
    assert chosen.input_value() == "score"
    assert chosen.locator("option[value=hd95_aubc]").is_disabled()


@pytest.mark.parametrize("kind", ["whole", "large"])
def test_downloads_have_the_rankings_of_every_metric(tab, board, address, large, kind):
    page = tab.open(f"{address if kind == 'whole' else large}#by=nsd1_aubc")
    shows(page, board, view_of(board, "nsd1_aubc"))

    def save(name):
        page.evaluate("document.querySelector('#downloads').open = true")
        return tab.download(lambda: page.click(f"button[data-save={name}]"))

    assert json.loads(save("json")) == json.loads(json.dumps(board_json(board)))
    table = save("csv")
    assert table == long_csv(board)
    assert "rank_by_hd95_aubc" in table


def test_lower_distances_win_a_comparison_and_cards_have_the_curves(tab, board, address):
    league = board.leagues[0]
    first, second = (row.entrant for row in view_of(board, "hd95_aubc").rows[:2])
    page = tab.open(f"{address}#compare={first},{second}&by=hd95_aubc")
    page.wait_for_selector(f"#compared[data-pair='{first},{second}']")
    found = page.locator("#compared .verdict").inner_text()
    assert found == sentence(compare(league, first, second, "hd95_aubc"))
    page.evaluate(f"location.hash = '#{first}'")
    card = page.locator(f"#{first}")
    card.locator("svg[aria-label^='95th-percentile Hausdorff distance']").wait_for()
    texts = " ".join(card.locator("figcaption").all_inner_texts())
    assert "Surface Dice within 1 and 2 voxels" in texts
    assert "Expected calibration error" in texts
    assert tab.complaints == []


def test_without_script_a_table_tells_where_the_metrics_disagree(browser, board, address):
    tab = Tab(browser, java_script_enabled=False)
    page = tab.open(address, ready=False)
    rows = page.locator("table.by-metric tbody tr").all_inner_texts()
    views = [v for v in board.leagues[0].views if v.by and not v.dataset]
    assert len(rows) == len(views) == 12
    for row, view in zip(rows, views, strict=True):
        tau = view.concordance.tau
        assert ("n/a" if tau is None else f"{tau:.2f}") in row
        assert f"{view.concordance.changed} of 10" in row


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_choice_fits_on_a_phone(browser, address, scheme):
    tab = Tab(browser, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = tab.open(f"{address}#by=hd95_aubc")
    assert page.locator("#rankers select").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

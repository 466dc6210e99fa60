"""Links that someone typed or that have aged show a page; the board is a stand-in."""

from dataclasses import replace

import boards
import pytest
from browsers import MARKS

from leaderboard.page import render

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A board whose names are long and of wide letters, and belong to every object."""
    board = boards.board(6, 3)
    odd = ["__proto__", "constructor", "W" * 60, "\N{GRINNING FACE}" * 40]
    leagues = [
        replace(
            league,
            entrants=tuple(
                replace(each, name=odd[n] if n < len(odd) else each.name)
                for n, each in enumerate(league.entrants)
            ),
        )
        for league in board.leagues
    ]
    path = tmp_path_factory.mktemp("odd") / "page.html"
    path.write_text(render(replace(board, leagues=tuple(leagues))), "utf-8")
    return path.as_uri()


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("view=__proto__", id="view"),
        pytest.param("ranking=constructor&view=toString", id="ranking"),
        pytest.param("sort=__proto__.desc", id="sort"),
        pytest.param("%E0%A4%A", id="encoding"),
        pytest.param("a" * 50_000, id="long"),
    ],
)
def test_a_link_that_leads_nowhere_shows_the_ranking(tab, address, link):
    page = tab.open(f"{address}#{link}")
    playwright.expect(page.locator("table.ranking:visible tbody tr").first).to_be_visible()
    assert tab.complaints == []


def test_columns_that_arent_there_leave_the_usual_ones(tab, address):
    page = tab.open(address)
    usual = page.locator("table.ranking:visible thead th").all_inner_texts()
    page.goto(f"{address}#columns=nothing,__proto__")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.locator("table.ranking:visible thead th").all_inner_texts() == usual
    assert len(usual) > 3


@pytest.mark.parametrize(
    "link", ["columns=effort,aubc", "sort=effort.desc&columns=effort", "by=effort", "cost=effort"]
)
def test_a_link_to_a_column_that_nobody_has_a_figure_in_shows_the_ranking(tab, tmp_path, link):
    board = boards.board(3, 2, published=False)
    (league,) = board.leagues
    fewer = tuple(column for column in league.columns if column.name != "effort")
    path = tmp_path / "page.html"
    path.write_text(render(replace(board, leagues=(replace(league, columns=fewer),))), "utf-8")
    page = tab.open(f"{path.as_uri()}#{link}")
    assert page.locator("table.ranking:visible tbody tr").count() == 3
    assert "Effort" not in page.locator("table.ranking:visible thead").inner_text()
    page.evaluate("location.hash += '&view=cost'")
    playwright.expect(page.locator("figure[data-kind=cost]:visible").first).to_be_visible()
    assert tab.complaints == []


@pytest.mark.parametrize("pair", ["x,y", "x", ",", "__proto__,constructor"])
def test_a_comparison_of_unknown_methods_says_so(tab, address, pair):
    page = tab.open(f"{address}#compare={pair}")
    said = page.locator("#compared .empty")
    playwright.expect(said).to_contain_text("doesn't name two methods of one ranking")
    assert tab.complaints == []


@pytest.mark.parametrize("view", ["ranking", "methods", "compare", "settings", "cost", "about"])
def test_long_names_dont_widen_a_narrow_page(browser, address, view):
    from browsers import Tab

    tab = Tab(browser, viewport={"width": 320, "height": 640})
    page = tab.open(f"{address}#view={view}")
    page.wait_for_timeout(300)
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    tab.context.close()
    assert wider <= 0


def test_hiding_methods_that_use_ground_truth_hides_them_in_the_chart(tab, address):
    page = tab.open(address)
    chart = page.locator("figure[data-kind=ranking]:visible")
    playwright.expect(chart.locator("figcaption")).to_contain_text("use ground truth")
    page.locator("[name=practical]").check()
    playwright.expect(chart.locator("figcaption")).not_to_contain_text("use ground truth")
    assert chart.locator("svg path[style*='--paper']").count() == 0
    page.locator("[name=practical]").uncheck()
    playwright.expect(chart.locator("figcaption")).to_contain_text("use ground truth")

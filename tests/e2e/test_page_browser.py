"""The page in a real browser, from a file, without network; the boards are stand-ins."""

import json
import re
from dataclasses import replace
from pathlib import Path

import boards
import pytest
from browsers import MARKS, Tab, unfold

from leaderboard.assemble import make_board
from leaderboard.export import long_csv
from leaderboard.page import render
from leaderboard.page.cells import comparing
from leaderboard.payload import board_json
from leaderboard.read.load import Entries

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS


@pytest.fixture(scope="module")
def board():
    return boards.board(18, 13)


@pytest.fixture(scope="module")
def address(board, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("page") / "a page.html"
    path.write_text(render(board), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> str:
    """Fewer rows of every kind, as axe looks at each of them."""
    path = tmp_path_factory.mktemp("few") / "page.html"
    path.write_text(render(boards.board(18, 2)), "utf-8")
    return path.as_uri()


def names(page, league="l-1"):
    return page.locator(f"#{league} table.ranking tbody th > a bdi").all_inner_texts()


def drawn(page, kind, within="#l-1"):
    """The first figure of its kind below an open fold, scrolled to until its chart is there."""
    page.wait_for_function(
        """(place) => {
          const figure = document.querySelector(place);
          figure.scrollIntoView();
          return figure.classList.contains("live");
        }""",
        arg=f"{within} figure[data-kind={kind}]",
        polling=200,
    )
    return page.locator(f"{within} figure[data-kind={kind}]").first


def head(page, title, league="l-1"):
    return page.locator(f"#{league} table.ranking thead th", has_text=title).first


def column(page, title, league="l-1"):
    heads = page.locator(f"#{league} table.ranking thead th").all_inner_texts()
    place = next(n for n, text in enumerate(heads, 1) if text.startswith(title))
    cells = page.locator(f"#{league} table.ranking tbody tr > *:nth-child({place})")
    return [text.split("\n")[0] for text in cells.all_inner_texts()]


def titles(page, league="l-1"):
    heads = page.locator(f"#{league} table.ranking thead th").all_inner_texts()
    return [" ".join(text.split()) for text in heads]


def pick(page, name, *values):
    """Tick or untick boxes of a filter's menu, or of the column picker."""
    menu = page.locator("#columns" if name == "columns" else f"details[data-filter={name}]")
    menu.evaluate("node => { node.open = true; }")
    for value in values:
        menu.locator(f"input[value='{value}']").click()
    menu.evaluate("node => { node.open = false; }")


def fragment(page):
    """What stands after # once the address has settled."""
    page.wait_for_timeout(50)
    return page.evaluate("location.hash")


def test_it_loads_without_network_and_without_complaint(tab, address):
    page = tab.open(f"{address}#view=settings")
    unfold(page)
    for kind in ("patches", "foreground", "fits", "classes"):
        figure = drawn(page, kind, "#l-1 [data-panel=settings]")
        assert figure.locator(".chart svg path").count() > 10
        assert not figure.locator(".static").is_visible()
    page.locator("#tabs a", has_text="Ranking").click()
    for kind in ("penalty", "ranks"):
        assert drawn(page, kind).locator(".chart svg path").count() > 10
    assert tab.complaints == []
    assert tab.requests == [address]


def test_the_policy_stops_foreign_scripts(tab, address):
    page = tab.open(address)
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.text = "window.x = 1";
          document.body.append(script);
        }"""
    )
    assert page.evaluate("window.x") is None
    assert any("Content Security Policy" in text for text in tab.complaints)


def test_it_sorts_by_click_with_na_last(tab, address):
    page = tab.open(address)
    title = head(page, "Score")
    for direction, backwards in (("descending", True), ("ascending", False)):
        title.locator("button").click()
        playwright.expect(title).to_have_attribute("aria-sort", direction)
        values = [float(text) for text in column(page, "Score")]
        assert values == sorted(values, reverse=backwards)
    assert head(page, "Rank").get_attribute("aria-sort") is None
    for direction in ("ascending", "descending"):
        head(page, "Rank").locator("button").click()
        playwright.expect(head(page, "Rank")).to_have_attribute("aria-sort", direction)
        assert column(page, "Rank")[-2:] == ["\N{EN DASH}", "\N{EN DASH}"]
        assert "\N{EN DASH}" not in column(page, "Rank")[:-2]
    head(page, "Method").locator("button").click()
    assert names(page) == sorted(names(page))


def test_it_sorts_by_keyboard(tab, address):
    page = tab.open(address)
    title = head(page, "AUBC")
    title.locator("button").focus()
    page.keyboard.press("Enter")
    playwright.expect(title).to_have_attribute("aria-sort", "descending")
    assert page.evaluate("document.activeElement.closest('th')?.dataset.column") == "aubc"
    values = [float(text) for text in column(page, "AUBC")]
    assert values == sorted(values, reverse=True)


def test_it_filters_and_a_link_shows_the_same(tab, address, board):
    page = tab.open(address)
    before = page.locator("#l-1 table.ranking tbody").inner_text()
    pick(page, "dataset", "amos")
    pick(page, "regime", "low")
    league = board.leagues[0]
    view = next(v for v in league.views if v.dataset == "amos" and v.regime == "low")
    known = {entrant.key: entrant.name for entrant in league.entrants}
    assert names(page) == [known[row.entrant] for row in view.rows]
    assert page.locator("#l-1 .chosen").inner_text() == "amos, low: amos_low"
    assert page.locator("#l-1 .cohort").inner_text() == comparing(view.cohort)
    page.fill("input[name=q]", "predictive_entropy")
    assert names(page) == ["predictive_entropy"]
    page.fill("input[name=q]", "clasp")
    assert names(page) == ["clasp_pe"]
    assert fragment(page) == "#dataset=amos&regime=low&q=clasp"
    link = page.evaluate("location.href")  # what Playwright keeps comes later
    page.locator("#tabs a", has_text="Settings").click()
    assert page.locator("#l-1 details.setting:not([hidden])").count() == 1
    page.locator("#tabs a", has_text="Ranking").click()
    page.click("button[type=reset]")
    page.wait_for_function("!location.hash")
    assert page.locator("#l-1 table.ranking tbody").inner_text() == before
    other = tab.context.new_page()
    other.goto(link)
    other.wait_for_selector("html[data-ready]", state="attached")
    assert names(other) == ["clasp_pe"]
    assert other.locator("#l-1 .chosen").inner_text() == "amos, low: amos_low"
    assert tab.complaints == []


def test_back_and_forward_stay_in_the_page(tab, address):
    page = tab.open(address)
    page.select_option("#choose", "l-2")
    assert page.locator("#l-2 table.ranking").is_visible()
    assert not page.locator("#l-1").is_visible()
    page.locator("#tabs a", has_text="Methods").click()
    pick_card = page.locator("#l-2 details.card").first
    playwright.expect(pick_card).to_be_visible()
    page.go_back()
    playwright.expect(page.locator("#l-2 table.ranking")).to_be_visible()
    playwright.expect(pick_card).not_to_be_visible()
    page.go_back()
    playwright.expect(page.locator("#l-1 table.ranking")).to_be_visible()
    page.go_forward()
    playwright.expect(page.locator("#l-2 table.ranking")).to_be_visible()
    assert page.evaluate("document.querySelector('#choose').value") == "l-2"


def test_typing_leaves_no_trail(tab, address):
    page = tab.open(address)
    length = page.evaluate("history.length")
    page.locator("input[name=q]").press_sequentially("clasp")
    assert fragment(page) == "#q=clasp"
    assert page.evaluate("history.length") == length
    pick(page, "dataset", "amos")
    assert page.evaluate("history.length") == length + 1


def test_a_filter_that_leaves_nothing_says_so_once(tab, address):
    page = tab.open(address)
    page.fill("input[name=q]", "no such method")
    said = page.locator("#said")
    playwright.expect(said).to_have_text("No method matches these filters.")
    assert page.locator("body").inner_text().count("No method matches") == 1
    page = tab.open(f"{address}#dataset=amos&dataset=kits&regime=low&patch=nowhere")
    page.reload()
    playwright.expect(said).to_have_text("No ranking was computed for this combination of filters.")
    assert not page.locator("#l-1 table.ranking").is_visible()
    assert not page.locator("#l-1 .first figure").is_visible()
    page.click("button[type=reset]")
    assert page.locator("#l-1 table.ranking").is_visible()
    assert said.inner_text() == ""


def test_choices_without_a_ranking_cannot_be_ticked(tab, address, board):
    page = tab.open(f"{address}#dataset=amos&regime=low")
    views = {view.settings for view in board.leagues[0].views}
    for value in ("acdc", "kits", "hippocampus"):
        box = page.locator(f"details[data-filter=dataset] input[value={value}]")
        both = tuple(
            setting.key
            for setting in board.leagues[0].settings
            if setting.dataset in {"amos", value} and setting.regime == "low"
        )
        assert box.is_disabled() == (both not in views)
    assert page.locator("details[data-filter=dataset] input[value=amos]").is_enabled()


def test_methods_that_use_ground_truth_can_be_hidden(tab, address, board):
    page = tab.open(address)
    before = dict(zip(names(page), column(page, "Rank"), strict=True))
    page.check("input[name=practical]")
    oracles = {entrant.name for entrant in board.leagues[0].entrants if entrant.oracle}
    assert oracles
    after = dict(zip(names(page), column(page, "Rank"), strict=True))
    assert after == {name: rank for name, rank in before.items() if name not in oracles}
    said = f"{len(oracles)} methods hidden; ranks are those among all methods."
    playwright.expect(page.locator("#said")).to_have_text(said)
    assert fragment(page) == "#practical=1"


def test_columns_are_picked(tab, address):
    page = tab.open(address)
    usual = titles(page)
    assert "Training h" not in usual
    pick(page, "columns", "training_hours", "aubc")
    assert "Training h" in titles(page)
    assert "AUBC %" not in titles(page)
    assert "training_hours" in fragment(page)
    assert page.locator("#columns input[value=score]").is_disabled(), "it ranks"
    page.select_option("#choose", "l-2")
    assert titles(page, "l-2") == ["Rank", "Method", "AUBC %", "Final Dice %", "FG-Eff"]


def test_the_script_says_what_the_page_says(tab, address):
    """Captions, notes on what is missing and cautions, of the first view: by script and without."""
    page = tab.open(f"{address}#ranking=l-2")
    places = (".chosen", ".cohort", ".why", "table.ranking tbody")
    told = [page.locator(f"#l-2 {place}").first.inner_text() for place in places]
    pick(page, "dataset", "amos")
    changed = [page.locator(f"#l-2 {place}").first.inner_text() for place in places]
    assert changed[0].startswith("amos: ")
    page.click("button[type=reset]")
    page.wait_for_function("location.hash === '#ranking=l-2'")
    assert [page.locator(f"#l-2 {place}").first.inner_text() for place in places] == told
    plain = tab.context.browser.new_context(java_script_enabled=False).new_page()
    plain.goto(address)
    assert [plain.locator(f"#l-2 {place}").first.inner_text() for place in places] == told
    plain.context.close()


def test_a_sorting_stands_in_the_link(tab, address):
    page = tab.open(f"{address}#sort=final_dice.desc")
    assert head(page, "Final Dice").get_attribute("aria-sort") == "descending"
    head(page, "Mean rank").locator("button").click()
    playwright.expect(page).to_have_url(f"{address}#sort=mean_rank.asc")


def test_a_method_links_to_its_card(tab, address, board):
    page = tab.open(address)
    entrant = board.leagues[0].entrants[0]
    card = page.locator(f"#{entrant.key}")
    assert not card.is_visible()
    page.locator(f"#l-1 table.ranking a[href='#{entrant.key}']").click()
    card.locator("p").first.wait_for()
    assert card.locator("p").first.is_visible()
    # Below the tabs, which stay at the top.
    edge = page.locator("#tabs").evaluate("node => node.getBoundingClientRect().bottom")
    top = card.evaluate("node => node.getBoundingClientRect().top")
    assert edge - 1 <= top < 900
    assert entrant.source_hash in card.inner_text()
    page.go_back()
    playwright.expect(page.locator("#l-1 table.ranking")).to_be_visible()


def test_a_link_opens_a_setting_whose_table_sorts(tab, address, board):
    key = board.leagues[0].settings[2].key
    page = tab.open(f"{address}#{key}")
    title = page.locator(f"#{key} thead th", has_text="Final Dice")
    title.locator("button").click()
    playwright.expect(title).to_have_attribute("aria-sort", "descending")


def test_a_citation_opens_the_protocol_at_its_section(tab, tmp_path):
    path = tmp_path / "published.html"
    path.write_text(render(make_board(Entries((), ()), published=True)), "utf-8")
    page = tab.open(path.as_uri())
    section = page.locator("#protocol-6")
    page.locator("#tabs a", has_text="About").click()
    assert not section.is_visible()
    page.locator("dl a[href='#protocol-6']").first.click()
    section.wait_for()
    assert section.evaluate("node => Math.abs(node.getBoundingClientRect().top) < innerHeight")
    assert section.inner_text().startswith("6. Metrics")
    assert tab.complaints == []


def test_downloads_are_what_the_page_holds(tab, address, board):
    page = tab.open(address)

    def save(name):
        page.evaluate("document.querySelector('#downloads').open = true")
        return tab.download(lambda: page.click(f"button[data-save={name}]"))

    assert json.loads(save("json")) == json.loads(json.dumps(board_json(board)))
    assert save("csv") == long_csv(board)
    assert save("bib") == board.bibliography
    page.evaluate("location.hash = '#l-1-critical'")
    figure = page.locator("#l-1-critical")
    svg = tab.download(figure.locator("button").click)
    assert svg.startswith("<svg xmlns=")
    assert "critical difference" in svg


def test_without_script_its_tables_are_there(browser, address):
    tab = Tab(browser, java_script_enabled=False)
    page = tab.open(address, ready=False)
    assert page.locator("table.ranking").first.is_visible()
    assert page.locator("details.setting table").first.is_visible()
    assert page.locator("figure .static svg").first.is_visible()
    assert page.locator("table.ranking").last.is_visible()
    for place in ("#bar", "#choose", "#tabs", "#downloads"):
        assert not page.locator(place).is_visible()
    links = page.locator("header nav a").all_inner_texts()
    assert links == ["Track full", "published, nnU-Net fork 2.6.0", "Studies", "About"]
    tab.context.close()


def test_a_script_that_fails_leaves_the_page_as_without_it(tab, address, tmp_path):
    text = Path(address.removeprefix("file://").replace("%20", " ")).read_text("utf-8")
    path = tmp_path / "broken.html"
    path.write_text(text.replace('id="data">', 'id="data">!'), "utf-8")
    page = tab.open(path.as_uri(), ready=False)
    playwright.expect(page.locator("table.ranking").last).to_be_visible()
    assert page.locator("details.setting table").first.is_visible()
    assert tab.complaints


def test_a_phone_needs_no_sideways_scrolling(browser, address):
    tab = Tab(browser, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = tab.open(address)
    page.locator("#tabs a", has_text="Settings").click()
    unfold(page)
    drawn(page, "patches", "#l-1 [data-panel=settings]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.evaluate(
        "[...document.querySelectorAll('p, td, th')]"
        ".map((node) => parseFloat(getComputedStyle(node).fontSize))"
    )
    assert min(sizes) >= 12
    tab.context.close()


def test_print_shows_the_static_figures(tab, address):
    page = tab.open(address)
    page.evaluate("location.hash = '#l-1-s-001'")
    figure = drawn(page, "patches", "#l-1-s-001")
    page.emulate_media(media="print")
    assert figure.locator(".static svg").is_visible()
    assert not figure.locator(".chart").is_visible()
    assert not page.locator("#bar").is_visible()


def test_print_is_the_current_view_on_few_pages(tab, tmp_path):
    path = tmp_path / "published.html"
    path.write_text(render(make_board(Entries((), ()), published=True)), "utf-8")
    page = tab.open(path.as_uri())
    assert 1 <= pages_of(page.pdf(prefer_css_page_size=True)) <= 2
    unfold(page)
    page.emulate_media(media="print")
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("section:not([hidden]) [data-panel=ranking] *")]
          .filter((node) => node.checkVisibility() && !node.closest("svg")
            && [...node.childNodes].some((part) => part.nodeType === 3 && part.data.trim()))
          .map((node) => parseFloat(getComputedStyle(node).fontSize) * 72 / 96)"""
    )
    assert len(sizes) > 100
    assert min(sizes) >= 6.99
    assert 1 <= pages_of(page.pdf(prefer_css_page_size=True)) <= 5


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_fragment_that_is_no_text_is_passed_over(tab, few):
    page = tab.open(f"{few}#%E0%A4%A")
    assert page.locator("#l-1 table.ranking").is_visible()
    assert tab.complaints == []


def test_the_penalty_matrix_has_its_edges_whatever_methods_are_called(browser, tmp_path):
    one = boards.board(4, 2, published=False)
    league = one.leagues[0]
    called = ("constructor", "toString", "__proto__", "mean wins")
    entrants = tuple(
        replace(entrant, id=name, name=name)
        for entrant, name in zip(league.entrants, called, strict=True)
    )
    path = tmp_path / "names.html"
    path.write_text(render(replace(one, leagues=(replace(league, entrants=entrants),))), "utf-8")
    tab = Tab(browser)
    page = tab.open(path.as_uri())
    unfold(page)
    chart = drawn(page, "penalty").locator(".chart")
    numbers = chart.locator(".mark-text.role-mark text").all_text_contents()
    assert len(numbers) == 4 * 3 + 2 * 4
    penalty = league.relations.penalties[0]
    for share in (*penalty.wins, *penalty.losses):
        assert f"{100 * share:.0f}" in numbers
    labels = chart.locator(".role-axis-label text").all_text_contents()
    assert labels.count("mean\u00a0wins") == labels.count("mean\u00a0losses") == 1
    assert labels.count("constructor") == labels.count("mean wins") == 2
    drawn(page, "ranks")
    page.locator("#tabs a", has_text="Settings").click()
    unfold(page)
    for kind in ("patches", "fits", "classes"):
        drawn(page, kind, "#l-1 [data-panel=settings]")
    assert tab.complaints == []
    tab.context.close()


def test_a_hostile_name_stays_text_in_chart_and_table(browser, tmp_path):
    text = '<img src=x onerror="window.x=1">{{7*7}}'
    one = boards.board(2, 2, published=False)
    league = one.leagues[0]
    entrants = tuple(
        replace(entrant, id=f"={text}{n}", name=f"{text}{n}")
        for n, entrant in enumerate(league.entrants)
    )
    evil = replace(one, leagues=(replace(league, entrants=entrants),))
    path = tmp_path / "evil.html"
    path.write_text(render(evil), "utf-8")
    tab = Tab(browser)
    page = tab.open(f"{path.as_uri()}#dataset=amos")
    assert set(names(page)) == {f"{text}0", f"{text}1"}
    page.evaluate("location.hash = '#l-1-s-002'")
    figure = drawn(page, "patches", "#l-1-s-002")
    figure.locator(".chart svg .mark-symbol path").last.hover(force=True)
    assert page.locator("img").count() == 0
    assert page.evaluate("window.x") is None
    assert tab.complaints == []
    page.evaluate("document.querySelector('#downloads').open = true")
    assert tab.download(lambda: page.click("button[data-save=csv]")) == long_csv(evil)
    tab.context.close()

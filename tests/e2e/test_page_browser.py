"""The page in a real browser, from a file, without network; the boards are stand-ins."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boards
import pytest

from leaderboard.assemble import make_board
from leaderboard.board_json import board_json
from leaderboard.entries import Entries
from leaderboard.export import long_csv
from leaderboard.page import render
from leaderboard.page.cells import comparing

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAIT = 300_000
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium; install it: apt-get install chromium"
    ),
]


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


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


class Tab:
    """A tab without network, with what it complained about and asked for."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(offline=True, accept_downloads=True, **options)
        self.context.set_default_timeout(WAIT)
        self.page = self.context.new_page()
        self.complaints, self.requests = [], []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, address, *, ready=True):
        self.page.goto(address)
        if ready:
            self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page

    def download(self, action) -> str:
        with self.page.expect_download() as found:
            action()
        return Path(found.value.path()).read_text("utf-8")


@pytest.fixture
def tab(browser) -> Iterator[Tab]:
    opened = Tab(browser, viewport={"width": 1280, "height": 900})
    yield opened
    opened.context.close()


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


def column(page, index, league="l-1"):
    cells = page.locator(f"#{league} table.ranking tbody tr > *:nth-child({index})")
    return [text.split("\n")[0] for text in cells.all_inner_texts()]


def test_it_loads_without_network_and_without_complaint(tab, address):
    page = tab.open(address)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for kind in ("patches", "foreground", "fits", "classes", "penalty", "ranks"):
        figure = drawn(page, kind)
        assert figure.locator(".chart svg path").count() > 10
        assert not figure.locator(".static").is_visible()
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
        title.locator(".dt-column-title").click()
        playwright.expect(title).to_have_attribute("aria-sort", direction)
        values = [float(text) for text in column(page, 3)]
        assert values == sorted(values, reverse=backwards)
    assert head(page, "Rank").get_attribute("aria-sort") is None
    for direction in ("ascending", "descending"):
        head(page, "Rank").locator(".dt-column-title").click()
        playwright.expect(head(page, "Rank")).to_have_attribute("aria-sort", direction)
        assert column(page, 1)[-2:] == ["\N{EN DASH}", "\N{EN DASH}"]
        assert "\N{EN DASH}" not in column(page, 1)[:-2]


def test_it_sorts_by_keyboard(tab, address):
    page = tab.open(address)
    title = head(page, "AUBC")
    title.locator("[role=button]").focus()
    page.keyboard.press("Enter")
    playwright.expect(title).to_have_attribute("aria-sort", "descending")
    values = [float(text) for text in column(page, 4)]
    assert values == sorted(values, reverse=True)


def test_it_filters_and_a_link_shows_the_same(tab, address, board):
    page = tab.open(address)
    before = page.locator("#l-1 table.ranking tbody").inner_text()
    page.select_option("select[name=dataset]", "amos")
    page.select_option("select[name=regime]", "low")
    league = board.leagues[0]
    view = next(v for v in league.views if v.dataset == "amos" and v.regime == "low")
    known = {entrant.key: entrant.name for entrant in league.entrants}
    assert names(page) == [known[row.entrant] for row in view.rows]
    assert page.locator("#l-1 caption .chosen").inner_text() == "amos, low: amos_low"
    assert page.locator("#l-1 caption .cohort").inner_text() == comparing(view.cohort)
    assert page.locator("#l-1 .caution").first.is_visible() == bool(view.caution)
    assert page.locator("#l-1 details.setting:not([hidden])").count() == 1
    page.select_option("select[name=group]", "published")
    assert not page.locator("#l-1").is_visible()
    page.select_option("select[name=group]", "measured")
    page.fill("input[name=q]", "predictive_entropy")
    assert names(page) == ["predictive_entropy"]
    page.fill("input[name=q]", "clasp")
    assert names(page) == ["clasp_pe"]
    link = page.evaluate("location.href")  # what Playwright keeps comes later
    page.click("button[type=reset]")
    page.wait_for_function("!location.hash")
    page.wait_for_function("document.querySelectorAll('#l-1 .ranking tbody tr').length === 18")
    assert page.locator("#l-1 table.ranking tbody").inner_text() == before
    other = tab.context.new_page()
    other.goto(link)
    other.wait_for_selector("html[data-ready]", state="attached")
    assert names(other) == ["clasp_pe"]
    assert other.locator("#l-1 caption .chosen").inner_text() == "amos, low: amos_low"
    assert not other.locator("#l-2").is_visible()


def test_the_script_says_what_the_page_says(tab, address, board):
    """Captions, notes on what is missing and cautions, of the first view: by script and without."""
    page = tab.open(address)
    league = board.leagues[1]
    places = ("caption .chosen", "caption .cohort", ".why")
    before = [page.locator(f"#l-2 {place}").first.inner_text() for place in places]
    page.select_option("select[name=dataset]", "amos")
    changed = [page.locator(f"#l-2 {place}").first.inner_text() for place in places]
    assert changed[0].startswith("amos: ")
    page.click("button[type=reset]")
    page.wait_for_function("!location.hash")
    count = f"document.querySelectorAll('#l-2 .ranking tbody tr').length === {len(league.entrants)}"
    page.wait_for_function(count)
    assert [page.locator(f"#l-2 {place}").first.inner_text() for place in places] == before


def test_a_sorting_stands_in_the_link(tab, address):
    page = tab.open(f"{address}#sort=l-1.final_dice.desc")
    assert head(page, "Final Dice").get_attribute("aria-sort") == "descending"
    head(page, "Mean rank").locator(".dt-column-title").click()
    playwright.expect(page).to_have_url(f"{address}#sort=l-1.mean_rank.asc")


def test_a_method_links_to_its_card(tab, address, board):
    page = tab.open(address)
    entrant = board.leagues[0].entrants[0]
    card = page.locator(f"#{entrant.key}")
    assert not card.is_visible()
    page.locator(f"#l-1 table.ranking a[href='#{entrant.key}']").click()
    card.locator("p").first.wait_for()
    assert card.locator("p").first.is_visible()
    assert card.evaluate("node => node.getBoundingClientRect().top < innerHeight")
    assert entrant.source_hash in card.inner_text()


def test_a_link_opens_a_setting_whose_table_sorts(tab, address, board):
    key = board.leagues[0].settings[2].key
    page = tab.open(f"{address}#{key}")
    title = page.locator(f"#{key} thead th", has_text="Final Dice")
    title.locator(".dt-column-title").click()
    playwright.expect(title).to_have_attribute("aria-sort", "descending")


def test_a_citation_opens_the_protocol_at_its_section(tab, tmp_path):
    path = tmp_path / "published.html"
    path.write_text(render(make_board(Entries((), ()), published=True)), "utf-8")
    page = tab.open(path.as_uri())
    section = page.locator("#protocol-6")
    assert not section.is_visible()
    page.evaluate("document.querySelector('details.plain').open = true")
    page.locator("dl a[href='#protocol-6']").first.click()
    section.wait_for()
    assert section.evaluate("node => Math.abs(node.getBoundingClientRect().top) < innerHeight")
    assert section.inner_text().startswith("6. Metrics")
    assert tab.complaints == []


def test_downloads_are_what_the_page_holds(tab, address, board):
    page = tab.open(address)

    def save(name):
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
    assert not page.locator("#bar").is_visible()
    tab.context.close()


def test_a_phone_needs_no_sideways_scrolling(browser, address):
    tab = Tab(browser, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = tab.open(address)
    page.click("button[data-open]")
    drawn(page, "patches")
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


def test_print_opens_what_is_folded_and_closes_it_again(tab, few):
    page = tab.open(few)
    folded = "document.querySelectorAll('details:not([open])').length"
    before = page.evaluate(folded)
    assert before > 10
    page.evaluate(f'addEventListener("beforeprint", () => {{ window.left = {folded}; }})')
    page.evaluate('addEventListener("afterprint", () => { window.done = true; })')
    page.pdf()
    page.wait_for_function("window.done")
    assert page.evaluate("window.left") == 0
    assert page.evaluate(folded) == before


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
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    chart = drawn(page, "penalty").locator(".chart")
    numbers = chart.locator(".mark-text.role-mark text").all_text_contents()
    assert len(numbers) == 4 * 3 + 2 * 4
    penalty = league.relations.penalties[0]
    for share in (*penalty.wins, *penalty.losses):
        assert f"{100 * share:.0f}" in numbers
    labels = chart.locator(".role-axis-label text").all_text_contents()
    assert labels.count("mean\u00a0wins") == labels.count("mean\u00a0losses") == 1
    assert labels.count("constructor") == labels.count("mean wins") == 2
    for kind in ("patches", "fits", "classes", "ranks"):
        drawn(page, kind)
    assert tab.complaints == []
    tab.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_serious_barrier(browser, few, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # axe is added as a script of the test, which the page's own policy would stop.
    tab = Tab(
        browser, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = tab.open(few)
    page.evaluate(
        """() => {
          document.querySelector("details.plain").open = true;
          document.querySelector("#protocol details").open = true;
          for (const fold of document.querySelectorAll("#l-1 .part")) fold.open = true;
          for (const kind of [".setting", ".card"]) document.querySelector(kind).open = true;
        }"""
    )
    drawn(page, "patches")
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    grave = [
        (item["id"], item["nodes"][0]["html"][:200])
        for item in found
        if item["impact"] in {"serious", "critical"}
    ]
    assert grave == []
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
    assert tab.download(lambda: page.click("button[data-save=csv]")) == long_csv(evil)
    tab.context.close()

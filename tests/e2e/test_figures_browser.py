"""Figures in a real browser: what the script draws is what the static page shows."""

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from xml.etree import ElementTree as ET

import boards
import pytest

from leaderboard.page import render

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
STATIC = {"ranking", "beside", "critical", "agreement"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium; install it: apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("figures") / "page.html"
    path.write_text(render(boards.board(24, 2, published=False)), "utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser, address) -> Iterator[object]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda note: page.complaints.append(note.text))
    page.goto(address)
    page.wait_for_selector("html[data-ready]", state="attached")
    yield page
    assert page.complaints == []
    context.close()


def ranking(page):
    svg, caption = page.evaluate(
        """() => { const figure = document.getElementById("l-1-ranking");
          return [figure.querySelector("svg").outerHTML,
                  figure.querySelector("figcaption").textContent]; }"""
    )
    return ET.canonicalize(svg), caption


def filtered(page, dataset):
    page.evaluate(f"location.hash = '{f'#dataset={dataset}' if dataset else '#view=ranking'}'")
    page.wait_for_function(
        f"document.querySelectorAll('#l-1 [data-kind=beside]:not([hidden])').length === "
        f"{1 if dataset else 2}"
    )


def test_the_script_draws_the_ranking_as_the_static_page_does(page):
    static = ranking(page)
    filtered(page, "amos")
    assert ranking(page) != static
    filtered(page, "")
    assert ranking(page) == static


def test_the_ranking_follows_the_filters(page):
    filtered(page, "amos")
    names = page.locator("#l-1 table.ranking tbody th bdi").all_text_contents()
    shown = page.locator("#l-1-ranking text").all_text_contents()
    assert [name for name in shown if name in names][:5] == names[:5]
    hidden = [page.locator(f"#l-1-curves-{n}").get_attribute("hidden") for n in (0, 1)]
    assert hidden == ["", None], "the curves of the other setting"


def barriers(axe, page):
    rules = ["svg-img-alt", "role-img-alt", "nested-interactive"]
    found = axe.run(page, options={"runOnly": rules}).response["violations"]
    return [(item["id"], item["nodes"][0]["html"][:200]) for item in found]


def test_every_chart_is_an_image_with_a_name(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    seen = set()
    for place in ("#l-1-ranking", "#l-1-critical", "#l-1-cost-effort", "#l-1-s-001"):
        page.evaluate(f"location.hash = '{place}'")
        page.wait_for_function(f"document.querySelector('{place}').checkVisibility()")
        for figure in page.locator("figure[data-kind]:visible").all():
            kind = figure.get_attribute("data-kind")
            if kind in seen:
                continue
            seen.add(kind)
            figure.scroll_into_view_if_needed()
            if kind not in STATIC:
                svg = figure.locator(".chart svg")
                svg.wait_for()
                page.wait_for_function("one => one.getAttribute('role')", arg=svg.element_handle())
                assert svg.get_attribute("role") == "img"
                assert svg.get_attribute("aria-label") == figure.locator("figcaption").inner_text()
        assert barriers(axe, page) == []
    assert {"cost", "ranks", "penalty", "patches", "fits", "classes", *STATIC} <= seen


def test_a_reader_chooses_a_single_cost_and_its_link_does_too(page):
    page.evaluate("location.hash = '#view=cost'")
    panel = page.locator("#l-1 [data-panel=cost]")
    every = panel.locator("figure[data-kind=cost]:visible")
    assert every.count() == panel.locator("figure[data-kind=cost]").count() > 4
    chooser = panel.get_by_role("combobox", name="Cost")
    chooser.select_option(label="Estimated labelling time")
    (shown,) = every.all()
    assert shown.get_attribute("data-part") == "minutes"
    assert "cost=minutes" in page.url
    page.evaluate("location.hash = '#view=cost&cost=images'")
    page.wait_for_function("document.querySelector('#l-1-cost-minutes').hidden")
    (shown,) = every.all()
    assert shown.get_attribute("data-part") == "images"
    assert chooser.input_value() == "images"
    chooser.select_option(label="all")
    assert every.count() > 4


def test_the_line_of_the_interactive_cost_chart_is_the_static_one(page):
    """As many corners: a step for each method on the line but the first."""
    page.evaluate("location.hash = '#view=cost'")
    figure = page.locator("#l-1-cost-effort")
    bold = figure.locator(".static text[font-weight='700']").all_text_contents()
    figure.scroll_into_view_if_needed()
    figure.locator(".chart svg").wait_for()
    named = figure.locator(".chart .mark-text.role-mark text").all_text_contents()
    assert sorted(named) == sorted(bold)


def test_names_on_the_line_of_the_interactive_cost_chart_cover_none(page):
    """Two good methods of about the same cost, both on the right."""
    near = [("Random", 1.0, 1.0), ("A long name", 9.5, 9.9), ("Another name", 10.0, 10.0)]
    script = (files("leaderboard.page") / "scripts" / "cost.js").read_text("utf-8")
    sides = page.evaluate(
        "(near) => {"
        "const layout = { times: {}, costs: {}, wideSpread: 100 };"
        f"{script.split('// The reader may choose')[0]}"
        "const league = { columns: [{ name: 's', title: 'S' }], views: [{ ranked_by: 's' }] };"
        "const rows = near.map(([method, cost, score]) => ({ method, cost, score, front: true }));"
        "costAxes({ layer: [] }, league, 'effort', rows);"
        "return rows.map(({ side }) => side);"
        "}",
        near,
    )
    assert sides == ["left", "right below", "right"]


def test_an_axis_of_time_has_the_unit_of_the_static_one(page):
    page.evaluate("location.hash = '#view=cost'")
    for cost in ("training_hours", "minutes"):
        figure = page.locator(f"#l-1-cost-{cost}")
        wanted = re.search(r"against (.+ \(\w+\))", figure.locator("figcaption").inner_text())[1]
        figure.scroll_into_view_if_needed()
        figure.locator(".chart svg").wait_for()
        titles = figure.locator(".chart .role-axis-title text").all_text_contents()
        assert wanted in [title[0].lower() + title[1:] for title in titles]

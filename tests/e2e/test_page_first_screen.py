"""What a reader sees first, and whether everybody can use it: kinds of boards, sizes, themes."""

from pathlib import Path

import boards
import pytest
from browsers import MARKS, Tab, unfold
from synthetic import World, write

from leaderboard.build import load_board
from leaderboard.page import render

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS
ROOT = Path(__file__).parents[2]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
VIEWS = ("ranking", "methods", "settings", "compare", "studies", "cost", "about")


def _measured(folder, **world):
    write(World(cases=4, patches=4, **world), folder)
    return load_board([folder])


BOARDS = {
    "published": lambda _: load_board([], published=True),
    "demo": lambda _: load_board([], entries=ROOT / "leaderboard/entries"),
    "measured": lambda folder: _measured(folder, methods=12, settings=3),
    "one seed": lambda folder: _measured(folder, methods=5, settings=1, seeds=1),
    "failed": lambda _: boards.board(18, 2),
    "20 methods": lambda _: boards.board(20, 2, published=False),
}


@pytest.fixture(scope="module")
def address_of(tmp_path_factory):
    """Address of the page of a kind of board, made once."""
    made = {}

    def address(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp("board")
            path = folder / "page.html"
            path.write_text(render(BOARDS[kind](folder / "results")), "utf-8")
            made[kind] = path.as_uri()
        return made[kind]

    return address


@pytest.fixture(params=SIZES)
def viewport(request):
    width, height = SIZES[request.param]
    return {"width": width, "height": height}


def seen(page, place):
    """Whether the whole of a thing is in the window, and nothing covers its middle."""
    return page.locator(place).first.evaluate(
        """(node) => {
          const box = node.getBoundingClientRect();
          const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
          const above = document.elementFromPoint(x, y);
          return box.width > 0 && box.height > 0 && box.left >= 0 && box.top >= 0
            && box.right <= innerWidth && box.bottom <= innerHeight
            && (node.contains(above) || above.contains(node));
        }"""
    )


@pytest.mark.parametrize("kind", ["published", "measured"])
def test_ten_seconds_suffice(browser, address_of, viewport, kind):
    """Verdict, chart, and five methods with figure, interval and group, without scrolling."""
    tab = Tab(browser, viewport=viewport)
    page = tab.open(address_of(kind))
    section = ".league:not([hidden])"
    assert seen(page, "h1")
    assert seen(page, "#choose")
    assert seen(page, f"{section} .headline")
    assert len(page.locator(f"{section} .headline").inner_text()) > 20
    assert seen(page, f"{section} .first figure svg")
    table = f"{section} table.ranking"
    assert page.locator(f"{table} thead th").nth(2).inner_text() == "Group"
    for row in range(1, 6):
        cells = f"{table} tbody tr:nth-child({row}) >"
        for place in ("td:nth-child(1)", "th a", "td:nth-child(3)", "td.key", "td.key small"):
            assert seen(page, f"{cells} {place}"), (row, place)
            assert page.locator(f"{cells} {place}").first.inner_text().strip()
        # The name stays on two lines at most, and badges don't push it away.
        name = page.locator(f"{cells} th a")
        assert name.evaluate("node => node.getClientRects().length") <= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert tab.complaints == []
    tab.context.close()


@pytest.mark.parametrize("kind", ["demo", "one seed", "failed", "20 methods"])
def test_every_board_starts_with_a_chart_and_five_methods(browser, address_of, viewport, kind):
    tab = Tab(browser, viewport=viewport)
    page = tab.open(address_of(kind))
    section = ".league:not([hidden])"
    assert seen(page, f"{section} .first figure svg")
    for row in range(1, 6):
        for place in ("th a", "td.key"):
            assert seen(page, f"{section} .ranking tbody tr:nth-child({row}) > {place}"), row
    assert tab.complaints == []
    tab.context.close()


@pytest.mark.parametrize(
    ("kind", "size", "scheme"),
    [
        ("published", "desk", "light"),  # its parts are the others', and axe takes a minute
        *(
            (kind, *view)
            for kind in ("demo", "failed", "one seed", "20 methods")
            for view in (("desk", "light"), ("phone", "dark"))
        ),
    ],
)
def test_no_serious_barrier(browser, address_of, kind, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    width, height = SIZES[size]
    # axe is added as a script of the test, which the page's own policy would stop.
    tab = Tab(
        browser,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page = tab.open(address_of(kind))
    grave = {}
    for view in VIEWS:
        page.evaluate(f"location.hash = '#view={view}'")
        page.wait_for_function(
            f"document.querySelector('#tabs [aria-current]').href.includes('{view}')"
            if view != "ranking"
            else "true"
        )
        # One of a kind: axe looks at each element.
        page.evaluate(
            """() => {
              for (const panel of document.querySelectorAll("[data-panel]:not([hidden])")) {
                for (const fold of panel.querySelectorAll(".part")) fold.open = true;
                for (const kind of [".setting", ".card"]) {
                  const fold = panel.querySelector(kind);
                  if (fold) fold.open = true;
                }
              }
            }"""
        )
        page.wait_for_timeout(300)
        options = {"resultTypes": ["violations"]}
        for item in axe.run(page, options=options).response["violations"]:
            if item["impact"] in {"serious", "critical"} or item["id"] == "heading-order":
                grave.setdefault(item["id"], (view, item["nodes"][0]["html"][:200]))
    assert grave == {}
    tab.context.close()


def test_menus_open_by_keyboard_and_close_by_escape(browser, address_of):
    tab = Tab(browser, viewport={"width": 1440, "height": 900})
    page = tab.open(address_of("published"))
    summary = page.locator("#columns > summary")
    summary.focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#columns .sheet")).to_be_visible()
    page.keyboard.press("Escape")
    playwright.expect(page.locator("#columns .sheet")).not_to_be_visible()
    assert summary.evaluate("node => node === document.activeElement")
    tab.context.close()


def test_unfolded_pages_need_no_sideways_scrolling(browser, address_of, viewport):
    tab = Tab(browser, viewport=viewport)
    page = tab.open(address_of("demo"))
    for view in VIEWS:
        page.evaluate(f"location.hash = '#view={view}'")
        page.wait_for_timeout(100)
        unfold(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"], view
    tab.context.close()

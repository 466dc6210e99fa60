"""Two methods compared, and a method's card, in a real browser; results are stand-ins."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
import synthetic
from browsers import MARKS, Tab

from leaderboard.assemble import make_board
from leaderboard.comparison import compare, lines, metrics, sentence
from leaderboard.metrics.paired import quantiles
from leaderboard.model import Board
from leaderboard.page import render
from leaderboard.page.assets import FOLDER
from leaderboard.payload import board_json, details_json
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS
PIXEL = "data:image/webp;base64,UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA="
NUMBERS = """
({ bodies, quantiles, board, details, pairs }) => {
  const shown = String;
  const run = new Function("quantiles", "shown", "board", "details", "pairs", `${bodies}
    return pairs.map(([place, a, b, metric]) => {
      const league = board.leagues[place];
      const card = (key) => league.entrants.find((one) => one.key === key);
      const known = [a, b].map((key) => details[key] ?? []);
      const found = comparisonOf(league, card(a), card(b), known, metric);
      const numbers = (c) => [c.mean, c.low, c.high, c.freedom, c.significant];
      const inLoop = ({ budget, contrast }) => [budget, numbers(contrast)];
      return {
        metric: found.column.name,
        total: numbers(found.total),
        settings: found.settings.map(({ first, second, contrast, loops }) =>
          [first, second, numbers(contrast), loops.map(inLoop)]),
        loops: found.loops.map(numbers),
        classes: found.classes.map((one) => [one.dataset, one.name, numbers(one.contrast)]),
      };
    });`);
  return run(quantiles, shown, board, details, pairs);
}
"""


def numbers(contrast):
    return [contrast.mean, contrast.low, contrast.high, contrast.freedom, contrast.significant]


def flat(value):
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


@pytest.fixture(scope="module")
def board() -> Board:
    world = synthetic.World(methods=5, settings=4, seeds=3, loops=3, cases=4, classes=3, patches=12)
    return make_board(Entries(tuple(map(facts_of, synthetic.results(world))), ()), published=True)


@pytest.fixture(scope="module")
def address(board, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("compare") / "page.html"
    path.write_text(render(board), "utf-8")
    return path.as_uri()


def keys(board, league=0):
    return [card.key for card in board.leagues[league].entrants]


def opened(tab, address, pair, more=""):
    page = tab.open(f"{address}#compare={pair[0]},{pair[1]}{more}")
    page.wait_for_selector(f"#compared[data-pair='{pair[0]},{pair[1]}']", timeout=60_000)
    return page


def test_the_script_computes_what_python_computes(tab, board):
    pairs = [
        (place, a, b, column.name)
        for place in (0, 1)
        for a, b in [*pairwise(keys(board, place)), keys(board, place)[3::-2]]
        for column in metrics(board.leagues[place], a, b)
    ]
    tab.page.goto("about:blank")
    got = tab.page.evaluate(
        NUMBERS,
        {
            "bodies": (FOLDER / "scripts/methods/contrast.js").read_text("utf-8"),
            "quantiles": quantiles(),
            "board": board_json(board),
            "details": details_json(board),
            "pairs": pairs,
        },
    )
    assert len(got) > 20
    for (place, a, b, metric), found in zip(pairs, got, strict=True):
        wanted = compare(board.leagues[place], a, b, metric)
        assert found["metric"] == metric
        assert found["total"] == pytest.approx(numbers(wanted.total), rel=1e-9)
        settings = [
            [s.first, s.second, numbers(s.contrast), [[n, numbers(c)] for n, c in s.loops]]
            for s in wanted.settings
        ]
        classes = [[c.dataset, c.name, numbers(c.contrast)] for c in wanted.classes]
        loops = [numbers(c) for c in wanted.loops]
        for one, other in (
            (found["settings"], settings),
            (found["classes"], classes),
            (found["loops"], loops),
        ):
            for x, y in zip(flat(one), flat(other), strict=True):
                assert x == (pytest.approx(y, rel=1e-9, abs=1e-9) if type(y) is float else y)


@pytest.mark.parametrize("place", [0, 1], ids=["measured", "published"])
def test_a_link_shows_what_the_command_line_prints(tab, board, address, place):
    pair = keys(board, place)[1:3]
    wanted = compare(board.leagues[place], *pair)
    page = opened(tab, address, pair)
    assert page.locator("#compared .verdict").inner_text() == sentence(wanted)
    table = page.locator("#compared table").first
    rows = [
        [cell.split("\n")[0] for cell in row.locator("th, td").all_inner_texts()][1:4]
        for row in table.locator("tbody tr").all()
    ]
    assert rows == [list(line[1:4]) for line in lines(wanted)]
    assert page.locator("#compared svg.plot").count() == (4 if place == 0 else 2)
    assert tab.complaints == []
    assert tab.requests == [address]


def test_other_methods_and_metrics_are_picked_and_back_returns(tab, board, address):
    pair = keys(board)[:2]
    page = opened(tab, address, pair)
    form = page.locator("#compare-form")
    form.locator("[name=by]").select_option("final_dice")
    wanted = compare(board.leagues[0], *pair, "final_dice")
    playwright.expect(page.locator("#compared .verdict")).to_have_text(sentence(wanted))
    form.locator("[name=second]").select_option(keys(board)[3])
    page.wait_for_selector(f"#compared[data-pair='{pair[0]},{keys(board)[3]}']")
    form.locator("[name=swap]").click()
    page.wait_for_selector(f"#compared[data-pair='{keys(board)[3]},{pair[0]}']")
    assert "by=final_dice" in page.url
    page.go_back()
    page.wait_for_selector(f"#compared[data-pair='{pair[0]},{keys(board)[3]}']")
    assert form.locator("[name=second]").input_value() == keys(board)[3]


def test_a_pair_that_is_none_falls_back_to_the_two_best(tab, board, address):
    best = [row.entrant for row in board.leagues[0].views[0].rows[:2]]
    page = tab.open(f"{address}#compare={keys(board)[0]},{keys(board, 1)[0]}")
    page.wait_for_selector(f"#compared[data-pair='{best[0]},{best[1]}']")
    assert tab.complaints == []


def test_a_card_shows_its_own_methods_loops_and_classes_when_opened(tab, board, address):
    league = board.leagues[0]
    key = keys(board)[0]
    page = tab.open(f"{address}#{key}")
    card = page.locator(f"#{key}")
    card.locator("[data-more] svg.plot").first.wait_for()
    assert card.locator("[data-more] svg.plot").count() == 3
    for setting in (league.settings[0], league.settings[2]):
        card.locator("[data-more] select").select_option(setting.key)
        found = next(each for each in league.details[key] if each.setting == setting.key)
        cells = card.locator("[data-more] table").first.locator("tbody tr").first.locator("td")
        shown = [float(text.split("\n")[0]) for text in cells.all_inner_texts()]
        wanted = [loop[0] for loop in found.class_dice]
        assert shown == pytest.approx(wanted, abs=0.0501)
    others = page.locator("[data-more] svg.plot").count()
    assert others == 3
    assert tab.complaints == []


def hostile(board: Board, text: str) -> Board:
    """The board whose first league's methods, classes and pictures are a stranger's."""
    league = board.leagues[0]
    entrants = tuple(
        replace(card, name=f"{text}{n}", reference=f"{text} https://doi.org/{text}")
        for n, card in enumerate(league.entrants)
    )
    settings = tuple(
        replace(
            setting,
            name=f"{text} {setting.name}",
            rows=tuple(
                replace(row, classes=tuple(replace(c, name=f"{text}{c.name}") for c in row.classes))
                for row in setting.rows
            ),
        )
        for setting in league.settings
    )
    key = league.entrants[0].key
    first, *rest = league.details[key]
    pictures = (PIXEL, "javascript:window.x=1", 'data:text/html,<script>window.x=1</script>"')
    details = {**league.details, key: (replace(first, pictures=pictures), *rest)}
    evil = replace(league, entrants=entrants, settings=settings, details=details)
    return replace(board, leagues=(evil, *board.leagues[1:]))


def test_hostile_texts_stay_text_and_only_images_are_shown(browser, board, tmp_path):
    text = '<img src=x onerror="window.x=1">{{7*7}}'
    path = tmp_path / "evil.html"
    path.write_text(render(hostile(board, text)), "utf-8")
    tab = Tab(browser)
    pair = keys(board)[:2]
    page = opened(tab, path.as_uri(), pair)
    assert text in page.locator("#compared .verdict").inner_text()
    assert page.locator("img").count() == 0
    page.evaluate(f"location.hash = '{pair[0]}'")
    page.locator(f"#{pair[0]} [data-more] img").first.wait_for()
    images = page.locator("img").evaluate_all("nodes => nodes.map((node) => node.src)")
    assert images == [PIXEL]
    assert text in page.locator(f"#{pair[0]} [data-more]").inner_text()
    assert page.evaluate("window.x") is None
    assert tab.complaints == []
    tab.context.close()


def test_without_script_the_card_has_its_facts_and_the_comparison_says_what_it_needs(
    browser, board, address
):
    tab = Tab(browser, java_script_enabled=False)
    page = tab.open(address, ready=False)
    assert "requires JavaScript" in page.locator("#compare").inner_text()
    assert not page.locator("#compare-form").is_visible()
    card = page.locator(f"#{keys(board)[0]}")
    words = card.inner_text()
    assert board.leagues[0].entrants[0].source_hash in words
    assert board.leagues[0].settings[0].name in words
    tab.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_serious_barrier_and_no_sideways_scrolling(browser, board, address, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = Tab(
        browser, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = opened(tab, address, keys(board)[:2])
    for step in ("compare", "card"):
        if step == "card":
            page.evaluate(f"location.hash = '{keys(board)[0]}'")
            page.locator(f"#{keys(board)[0]} [data-more] svg.plot").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
        grave = [
            (item["id"], item["nodes"][0]["html"][:200])
            for item in found
            if item["impact"] in {"serious", "critical"} or item["id"] == "heading-order"
        ]
        assert grave == [], json.dumps(grave)
    tab.context.close()

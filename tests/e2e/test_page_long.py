"""Tables of a hundred methods or more in a real browser; the boards are stand-ins."""

import boards
import pytest
from browsers import MARKS
from large import write_large

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = MARKS
EDGES = """place => {
  const table = [...document.querySelectorAll("table.ranking")].find((each) => each.offsetWidth);
  const row = place < 0 ? table.tHead.rows[0] : table.tBodies[0].rows[place];
  row.scrollIntoView();
  return [...row.cells].map((cell) => {
    const { left, right } = cell.getBoundingClientRect();
    return [Math.round(left), Math.round(right)];
  });
}"""
SKIPPED = """() => [...document.querySelectorAll("table.ranking tbody tr")].filter((row) =>
  row.offsetParent && !row.cells[0].checkVisibility({ contentVisibilityAuto: true })).length"""
RANKS = """() => [...document.querySelectorAll("table.ranking tbody tr")]
  .filter((row) => row.offsetParent).map((row) => row.cells[0].firstChild.textContent)"""
LONG = "table.ranking:visible"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "page.html"
    write_large(boards.board(150, 5), path)
    return path


def aligned(page):
    """Edges of the cells of each column, once: they are the same in the head and every row."""
    found = [page.evaluate(EDGES, place) for place in (-1, 0, 70, 149)]
    assert all(each == found[0] for each in found)
    return found[0]


def test_rows_out_of_sight_are_skipped_and_columns_stay_aligned(tab, path):
    page = tab.open(path.as_uri())
    assert page.evaluate(SKIPPED) > 75
    before = aligned(page)
    page.evaluate("scrollTo(0, 0)")
    page.locator(f"{LONG} thead button", has_text="AUBC").first.click()
    assert aligned(page) == before
    assert tab.complaints == []


def test_rows_are_in_order_to_the_last(tab, path):
    page = tab.open(path.as_uri())
    ranks = page.evaluate(RANKS)
    page.locator(f"{LONG} thead button", has_text="Rank").first.click()
    numbers = [int(rank) for rank in ranks if rank.isdigit()]
    assert len(ranks) == 150
    assert numbers == sorted(numbers)
    assert [int(rank) for rank in page.evaluate(RANKS) if rank.isdigit()] == numbers[::-1]


def test_widths_are_those_of_all_rows_whatever_is_shown_first(tab, path):
    page = tab.open(f"{path.as_uri()}#q=random")
    assert 0 < page.locator(f"{LONG} tbody tr").count() < 50
    few = page.evaluate(EDGES, -1)
    page.locator("#bar [name=q]").fill("")
    assert page.locator(f"{LONG} tbody tr").count() == 150
    assert aligned(page) == few


def test_another_width_of_the_window_measures_again(tab, path):
    page = tab.open(path.as_uri())
    size = page.viewport_size
    wide = aligned(page)
    page.set_viewport_size({"width": 500, "height": size["height"]})
    page.wait_for_timeout(500)
    assert aligned(page) != wide
    page.set_viewport_size(size)
    page.wait_for_timeout(500)
    assert aligned(page) == wide


def test_on_paper_it_is_a_plain_table_and_aloud_it_stays_one(tab, path):
    page = tab.open(path.as_uri())
    display = "() => getComputedStyle(document.querySelector('table.ranking tbody tr')).display"
    assert page.evaluate(display) == "grid"
    page.emulate_media(media="print")
    assert page.evaluate(display) == "table-row"
    page.emulate_media(media="screen")
    assert page.get_by_role("table").locator("visible=true").get_by_role("rowheader").count() == 150


def test_a_short_table_is_laid_out_as_a_table(tab, tmp_path):
    write_large(boards.board(99, 3), tmp_path / "page.html")
    page = tab.open((tmp_path / "page.html").as_uri())
    assert page.locator(f"{LONG} tbody tr").count() == 99
    assert page.locator("table.long").count() == 0

"""Small multiples of studies."""

from xml.etree import ElementTree as ET

import pytest

from leaderboard.figures import style_of
from leaderboard.figures.drawing.multiples import Line, Panel, small_multiples
from leaderboard.figures.drawing.svg import WIDTH

PLACES = ("200", "500\n(precomputed)", "500")


def panels(number, values=(50.0, 55.0, 60.0)):
    return [
        Panel(f"setting {place}", (Line("bald", style_of(0), values),)) for place in range(number)
    ]


def parse(svg):
    return ET.fromstring(svg)  # noqa: S314


def texts(svg):
    return {"".join(node.itertext()): node for node in parse(svg).iter() if "text" in node.tag}


def strokes(svg):
    """Path data of the lines of the first panel's first style."""
    colour = style_of(0).colour
    return [node.get("d") for node in parse(svg).iter() if node.get("stroke") == colour]


def test_every_panel_has_its_title_places_and_line():
    svg = small_multiples(panels(4), PLACES, ("Epochs", "AUBC (%)"), "what it shows")
    seen = texts(svg)
    assert {f"setting {place}" for place in range(4)} <= set(seen)
    assert {"200", "500", "(precomputed)", "bald", "AUBC (%) by epochs"} <= set(seen)
    # A line a panel and the swatch of the legend.
    assert len(strokes(svg)) == 5
    assert parse(svg).get("aria-label") == "what it shows"


def test_ranks_have_the_smallest_on_top():
    def rise(**over):
        path = strokes(
            small_multiples(panels(1, (1.0, 2.0, 4.0)), PLACES, ("", "Rank"), "", **over)
        )[0]
        first, last = path.partition("l")[2].replace("-", " -").replace(",", " ").split()[1::2]
        return int(first), int(last)

    up, down = rise(), rise(ranks=True)
    assert max(up) < 0 < min(down)


def test_a_missing_value_interrupts_the_line():
    (whole, _), (broken, _) = (
        strokes(small_multiples(panels(1, values), PLACES, ("", ""), ""))
        for values in ((50.0, 55.0, 60.0), (50.0, None, 60.0))
    )
    assert (whole.count("M"), broken.count("M")) == (1, 2)


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_all_lies_inside_the_picture(number):
    svg = small_multiples(panels(number), PLACES, ("Epochs", "AUBC (%)"), "")
    _, _, width, height = map(int, parse(svg).get("viewBox").split())
    assert width == WIDTH
    for node in texts(svg).values():
        assert 0 <= int(node.get("x")) <= width
        assert 0 <= int(node.get("y")) <= height


def test_texts_are_escaped_and_nothing_is_no_error():
    panel = Panel("<script>", (Line("<b>", style_of(0), (None, None, None)),))
    svg = small_multiples([panel], PLACES, ("", "y"), '"x')
    assert "<script>" not in svg
    assert "<b>" in texts(svg)

import warnings
from xml.etree import ElementTree as ET

import pytest

from leaderboard.figures import Line, learning_curves, style_of
from leaderboard.figures.styles import COLOURS
from leaderboard.metrics import MeanCurve

CURVE = MeanCurve((10, 20, 30), (0.5, 0.6, 0.7), (0.01, 0.02, 0.0))


def texts(svg):
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter() if "text" in node.tag]  # noqa: S314


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_figure_is_labelled_scalable_and_the_same_every_time():
    lines = [Line("bald", CURVE, style_of(0)), Line("random", CURVE, style_of(1))]
    svg = learning_curves(lines, "t1", 'a "quoted" <figure>')
    assert svg == learning_curves(lines, "t1", 'a "quoted" <figure>')
    root = ET.fromstring(svg)  # noqa: S314
    assert root.get("viewBox")
    assert root.get("width") is None
    assert root.get("aria-label") == 'a "quoted" <figure>'
    shown = texts(svg)
    assert {"Labelled patches", "Mean Dice (%)", "10", "20", "30", "bald", "random"} <= set(shown)
    assert all(node.get("id", "t1-").startswith("t1-") for node in root.iter())


@pytest.mark.parametrize(
    "label", ["_hidden", "$\\frac{1}{", "<script>alert(1)</script>", 'id="x" url(#y)', "日本語"]
)
def test_labels_are_shown_as_they_are(label):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = learning_curves([Line(label, CURVE, style_of(0))], "t1", "")
    assert label in texts(svg)


def test_a_band_is_drawn_only_with_a_spread():
    bare = MeanCurve(CURVE.budgets, CURVE.dice, None)
    pictures = [
        learning_curves([Line("a", curve, style_of(0))], "t1", "") for curve in (CURVE, bare)
    ]
    assert ["FillBetween" in svg for svg in pictures] == [True, False]


def test_a_users_matplotlib_settings_change_nothing():
    import matplotlib as mpl

    lines = [Line("a", CURVE, style_of(0))]
    before = learning_curves(lines, "t1", "")
    with mpl.rc_context({"font.size": 30, "axes.grid": False, "svg.fonttype": "path"}):
        assert learning_curves(lines, "t1", "") == before
        assert mpl.rcParams["font.size"] == 30


def test_styles_differ_and_stand_out_on_white():
    styles = [style_of(index) for index in range(63)]
    assert len({(style.colour, style.marker) for style in styles}) == 63
    assert all(1.05 / (luminance(colour) + 0.05) >= 3 for colour in COLOURS)

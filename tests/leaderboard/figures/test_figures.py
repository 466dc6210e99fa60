import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import boards
import pytest
import vl_convert

from leaderboard.figures import style_of
from leaderboard.figures.charts import charts
from leaderboard.figures.classes import Classes, class_figures
from leaderboard.figures.critical import Placed, critical_difference
from leaderboard.figures.curves import Curve, learning_curves
from leaderboard.figures.drawing.legend import Legend
from leaderboard.figures.drawing.svg import Scale, dots, line, markers, ticks
from leaderboard.figures.fits import Fit, efficiency_fits, fitted
from leaderboard.figures.heatmap import agreement_matrix, penalty_matrix
from leaderboard.figures.ranks import Ranked, rank_plot
from leaderboard.figures.styles import COLOURS
from leaderboard.model import Agreement, ClassFigure, CurvePoint, PairwisePenalty

POINTS = tuple(CurvePoint(10 * n, 0.4 * n, 50 + 9 * n, 48 + 9 * n, 52 + 9 * n) for n in (1, 2, 3))
HOSTILE = ["<script>alert(1)</script>", '" onload="x', "日本語", "$\\frac{1}{"]


def parse(svg):
    return ET.fromstring(svg)  # noqa: S314


def texts(svg):
    return ["".join(node.itertext()) for node in parse(svg).iter() if "text" in node.tag]


def paths(svg):
    return [dict(node.attrib) for node in parse(svg).iter() if "path" in node.tag]


def curves(names=("bald", "random"), points=POINTS):
    return [Curve(name, style_of(n), points) for n, name in enumerate(names)]


def test_paths_are_relative_and_whole():
    assert line([(1.2, 2.6), (11, 1), (8, 5)]) == "M1,3l10-2-3,4"
    assert line([(0, 0), (1, 1)], closed=True).endswith("z")
    assert dots([(5, 5), (1, 2)]) == "M1,2h0m4,3h0"
    assert markers([(10, 10), (20, 5)], style_of(1)) == "M4,4h12v12h-12zm10-5h12v12h-12z"


@pytest.mark.parametrize("low", [0.0, 61.3, -3.2])
@pytest.mark.parametrize("span", [0.013, 1.7, 420.0])
def test_ticks_are_round_few_and_inside(low, span):
    found = ticks(low, low + span)
    assert 3 <= len(found) <= 8
    assert all(low - 1e-6 <= value <= low + span + 1e-6 for value in found)
    steps = {round(b - a, 9) for a, b in pairwise(found)}
    assert len(steps) == 1


def test_a_learning_curve_has_band_line_markers_and_the_full_data_line():
    svg = learning_curves(curves(), "patches", 91.0, 'a "quoted" <figure>')
    root = parse(svg)
    assert root.get("aria-label") == 'a "quoted" <figure>'
    assert root.get("width") is None
    assert {"Labelled patches", "Mean Dice (%)", "10", "20", "30", "bald", "full data 91.0"} <= set(
        texts(svg)
    )
    assert svg.count('fill-opacity=".1"') == 1
    blue = [path for path in paths(svg) if style_of(0).colour in path.values()]
    assert len(blue) == 3
    bare = tuple(replace(point, low=None, high=None) for point in POINTS)
    assert "fill-opacity" not in learning_curves(curves(points=bare), "patches", 91.0, "")
    assert "all data" not in learning_curves(curves(), "foreground", None, "")


def test_a_curve_lies_where_its_figures_are():
    svg = learning_curves(curves(("a",)), "patches", None, "")
    data = next(p["d"] for p in paths(svg) if p.get("stroke") == style_of(0).colour)
    steps = re.findall(r"-?\d+", data.split("M")[1])
    x, first, second = (steps[0], steps[2:4], steps[4:6])
    assert int(x) > 0
    assert abs(int(first[0]) - int(second[0])) <= 1
    assert int(first[1]) < 0, "Dice rises, so the line goes up"
    assert abs(int(first[1]) - int(second[1])) <= 1


def test_a_fit_goes_through_its_start_and_towards_full_data():
    fit = boards.board(2, 1, published=False).leagues[0].settings[0].rows[0].fit
    assert fitted(fit, fit.t0) == pytest.approx(fit.y0)
    assert fitted(fit, 1e3) == pytest.approx(fit.y_full)
    svg = efficiency_fits([Fit("a", style_of(0), fit)], "")
    dotted = [p["d"] for p in paths(svg) if p.get("d", "").count("h0") > 5]
    assert [data.count("h0") for data in dotted] == [len(fit.points)]


def test_classes_stand_in_lines_and_one_without_dice_has_its_share():
    figures = (ClassFigure("left", 80.0, 1.0, 3.0), ClassFigure("right", None, None, 2.0))
    svg = class_figures([Classes("bald", style_of(1), figures)], "")
    assert {"left", "right", "Dice (%)", "Labelled fraction (%)", "bald"} <= set(texts(svg))
    data = next(p["d"] for p in paths(svg) if p.get("fill") == style_of(1).colour)
    assert data.count("z") == 4, "two shares, one Dice, one in the legend"


def test_a_penalty_matrix_shows_its_numbers():
    penalty = PairwisePenalty("alpha", ((0.0, 0.25), (0.5, 0.0)), (0.25, 0.5), (0.5, 0.25))
    shown = texts(penalty_matrix(penalty, ["a", "b"], ""))
    assert shown.count("25") == 3
    assert shown.count("50") == 3
    assert {"mean wins", "mean losses"} <= set(shown)


def test_an_agreement_matrix_shows_each_pair_once():
    pairs = [Agreement("x", "y", 0.5, 0.1), Agreement("z", "x", -0.25, 0.5)]
    shown = texts(agreement_matrix(pairs, {"x": "X", "y": "Y", "z": "Z"}, ""))
    assert sorted(shown) == ["-.25", ".50", "X", "Y", "Y", "Z"]


def test_a_rank_plot_leaves_a_gap_where_a_method_has_no_rank():
    methods = [Ranked("a", style_of(0), (1, None, 2)), Ranked("b", style_of(1), (2, 1, 1))]
    svg = rank_plot(methods, ["one", "two", "three"], "")
    assert {"one", "two", "three", "a", "b", "1", "2"} <= set(texts(svg))
    moves = [p["d"].count("M") for p in paths(svg) if p.get("stroke") in {COLOURS[0], COLOURS[1]}]
    assert moves == [2, 1], "a run each side of the gap"


def test_a_critical_difference_diagram_joins_groups_of_two_and_more():
    methods = [Placed("a", "A", 1.2), Placed("b", "B", 1.9), Placed("c", "C", 2.9)]
    svg = critical_difference(methods, [("a", "b"), ("c",)], 0.9, "")
    assert {"A 1.2", "B 1.9", "C 2.9", "critical difference 0.90"} <= set(texts(svg))
    bars = next(p["d"] for p in paths(svg) if p.get("stroke-width") == "6")
    assert bars.count("M") == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(name):
    fit = boards.board(2, 1, published=False).leagues[0].settings[0].rows[0].fit
    penalty = PairwisePenalty("alpha", ((0.0,),), (0.0,), (0.0,))
    figures = (ClassFigure(name, 80.0, 1.0, 3.0),)
    for svg in (
        learning_curves(curves((name,)), "patches", None, name),
        efficiency_fits([Fit(name, style_of(0), fit)], name),
        class_figures([Classes(name, style_of(0), figures)], name),
        penalty_matrix(penalty, [name], name),
        rank_plot([Ranked(name, style_of(0), (1, 1))], [name, "b"], name),
        critical_difference([Placed("a", name, 1.0)], [], 1.0, name),
    ):
        assert any(name in words or name[:12] in words for words in texts(svg))
        assert parse(svg).get("aria-label") == name


def test_a_single_figure_still_has_axes():
    same = (CurvePoint(10, 0.4, 50.0, None, None),)
    assert "50" in texts(learning_curves(curves(("a",), same), "patches", None, ""))


def test_a_scale_is_linear():
    assert [Scale(0, 10, 100, 0)(value) for value in (0, 5, 10)] == [100, 50, 0]


def test_twenty_methods_are_a_small_figure():
    names = [f"a_method_of_some_length_{n}" for n in range(20)]
    five = tuple(CurvePoint(10 * n, 0.4 * n, 50 + n, 49 + n, 51 + n) for n in range(1, 6))
    assert len(learning_curves(curves(names, five), "patches", 91.0, "")) < 10_000


@pytest.mark.parametrize("kind", sorted(charts()))
def test_vega_lite_takes_every_chart(kind):
    spec = charts()[kind] | {"$schema": "https://vega.github.io/schema/vega-lite/v6.json"}
    spec["datasets"] = {"values": [], "full": []}
    assert vl_convert.vegalite_to_vega(spec)["marks"]


def test_a_legend_of_many_names_stays_small():
    few, many = (Legend([f"method {n}" for n in range(size)], 100) for size in (10, 20))
    assert many.bottom - 100 < 1.2 * (few.bottom - 100)
    places = [many.place(n) for n in range(20)]
    assert len(set(places)) == 20
    assert all(y < many.bottom for _, y in places)
    assert all('font-size="18"' in words for words in many.words())


def test_a_band_does_not_widen_the_axis():
    def drawn(low, high):
        points = (CurvePoint(10, 1.0, 60.0, low, high), CurvePoint(20, 2.0, 70.0, low, high))
        return learning_curves([Curve("a", style_of(0), points)], "patches", None, "said")

    assert drawn(0.0, 100.0) == drawn(10.0, 90.0) != drawn(64.0, 66.0)
    assert texts(drawn(0.0, 100.0)) == texts(drawn(None, None))

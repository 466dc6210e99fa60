import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from leaderboard.figures.drawing.svg import SHAPES
from leaderboard.figures.ranking import FIRST, MOST_ROWS, Dot, chosen, groups, limits, ranking_chart
from leaderboard.figures.styles import ACCENT, MOST, style_of

TIES = ("a", "ab", "c", "ab", "bc", "d")


def dots(size=6, ties=TIES):
    return [
        Dot(
            f"method {n}",
            style_of(n),
            n + 1,
            80.0 - 2 * n,
            79.0 - 2 * n,
            81.0 - 2 * n,
            ties[n] if n < len(ties) else "",
            leading=n < 4,
            oracle=n == 1,
        )
        for n in range(size)
    ]


def drawn(*arguments):
    return ET.fromstring(ranking_chart(*arguments, "AUBC (%)", "a description"))  # noqa: S314


def nodes(root, tag):
    return [node for node in root if node.tag.endswith(tag)]


def intervals(root):
    """Left end, height and right end by colour."""
    found = {}
    for path in nodes(root, "path"):
        if path.get("stroke-width") == "4":
            found[path.get("stroke")] = tuple(map(int, re.findall(r"-?\d+", path.get("d"))))
    return found


def marked(root):
    """Position of each marker, the best first."""
    found = []
    for number, path in enumerate(p for p in nodes(root, "path") if p.get("style")):
        aside, above, _ = SHAPES[style_of(number).marker]
        x, y = re.match(r"M(-?\d+),(-?\d+)", path.get("d")).groups()
        found.append((int(x) - aside, int(y) - above))
    return found


def test_positions_follow_figures_and_ranks():
    root = drawn(
        dots(),
    )
    places = marked(root)
    assert [y for _, y in places] == sorted(y for _, y in places)
    steps = [a - b for (a, _), (b, _) in pairwise(places)]
    assert min(steps) > 0, "the score falls, so dots move left"
    assert max(steps) - min(steps) <= 1
    low, y, high = intervals(root)[style_of(0).colour]
    assert (low + high) / 2 == pytest.approx(places[0][0], abs=1)
    assert y == places[0][1]
    assert (high - low) / steps[0] == pytest.approx(1, abs=0.03), "2 points wide, 2 points apart"


def test_ticks_stand_at_their_figures():
    root = drawn(dots())
    ticks = {
        float(node.text): int(node.get("x"))
        for node in nodes(root, "text")
        if re.fullmatch(r"[\d.]+", node.text or "") and node.get("text-anchor") == "middle"
    }
    (x, _), *_ = marked(root)
    (a, place_a), (b, place_b), *_ = sorted(ticks.items())
    assert place_a + (80 - a) / (b - a) * (place_b - place_a) == pytest.approx(x, abs=2)


def test_bars_join_exactly_the_methods_of_a_letter():
    assert groups(dots()) == [("a", [0, 1, 3]), ("b", [1, 3, 4]), ("c", [2, 4])]
    root = drawn(dots())
    rows = [y for _, y in marked(root)]
    bars = [p.get("d") for p in nodes(root, "path") if p.get("stroke-width") == "8"]
    joined = []
    for bar in bars:
        runs = [(int(a), int(b)) for a, b in re.findall(r"M\d+,(\d+)V(\d+)", bar)]
        joined.append([n for n, y in enumerate(rows) if any(a <= y <= b for a, b in runs)])
    assert joined == [[0, 1, 3], [1, 3, 4], [2, 4]]
    assert not [p for p in nodes(drawn(dots(ties=())), "path") if p.get("stroke-width") == "8"]


def test_letters_with_numbers_are_letters_of_their_own():
    two = [replace(dot, ties="a1b") for dot in dots(2)]
    assert [letter for letter, _ in groups(two)] == ["a1", "b"]


def test_who_leads_is_bold_and_the_best_is_set_off():
    root = drawn(dots())
    bold = [node.text for node in nodes(root, "text") if node.get("font-weight") == "700"]
    assert bold == [f"method {n}" for n in range(4)]
    (band,) = nodes(root, "rect")
    assert band.get("fill") == ACCENT
    top, height = int(band.get("y")), int(band.get("height"))
    assert [top <= y <= top + height for _, y in marked(root)] == [True, *[False] * 5]


def test_the_best_is_one_that_could_be_used_in_practice():
    root = drawn([replace(dot, oracle=n in {0, 1}) for n, dot in enumerate(dots())])
    (band,) = nodes(root, "rect")
    top, height = int(band.get("y")), int(band.get("height"))
    assert [top < y < top + height for _, y in marked(root)] == [False, False, True, *[False] * 3]


def test_markers_of_methods_that_use_ground_truth_are_hollow():
    styles = [p.get("style") for p in nodes(drawn(dots()), "path") if p.get("style")]
    hollow = ["var(--paper" in style for style in styles]
    assert hollow == [False, True, False, False, False, False]


def test_twenty_are_all_shown_and_of_more_the_first_and_the_baselines():
    assert chosen(dots(MOST)) == dots(MOST)
    many = [replace(dot, baseline=n in {3, 40, 299}) for n, dot in enumerate(dots(300))]
    assert [dot.rank for dot in chosen(many)] == [*range(1, FIRST + 1), 41, 300]
    root = drawn(many)
    assert "\N{MIDLINE HORIZONTAL ELLIPSIS}" in [node.text for node in nodes(root, "text")]
    assert len(chosen([replace(dot, baseline=True) for dot in many])) == MOST_ROWS


@pytest.mark.parametrize(("size", "most"), [(12, 300), (20, 400), (300, 460)])
def test_the_chart_is_low(size, most):
    every = [replace(dot, baseline=n % 30 == 29) for n, dot in enumerate(dots(size))]
    _, _, width, height = map(int, drawn(every).get("viewBox").split())
    assert height / width * 400 <= most, "points at a width of 400"


def test_one_method_without_an_interval_has_an_axis():
    (one,) = dots(1)
    alone = replace(one, low=one.mean, high=one.mean, ties="")
    root = drawn([alone])
    assert not intervals(root)
    assert "80" in [node.text for node in nodes(root, "text")]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '" onload="x', "\u65e5" * 40])
def test_a_name_is_text_and_clipped(name):
    root = drawn([replace(dots(1)[0], name=name)])
    (shown,) = [n.text for n in nodes(root, "text") if n.get("font-weight")]
    assert name.startswith(shown.removesuffix("\N{HORIZONTAL ELLIPSIS}"))
    assert len(shown) < 30


def test_an_interval_that_would_push_the_dots_together_is_cut_with_an_arrowhead():
    style = style_of(0)
    dots = [
        Dot("a", style, 1, 70.0, 60.0, 80.0),
        Dot("b", style, 2, 60.0, -300.0, 420.0),
    ]
    assert limits(dots) == (50.0, 80.0)
    svg = ranking_chart(dots, "Score", "")
    lines = re.findall(r'd="M\d+,(\d+)H\d+([^"]*)" fill="none"', svg)
    assert [heads.count("L") for _, heads in lines] == [0, 4]
    assert limits([replace(dots[0], low=70.0, high=70.0)]) == (70.0, 70.0)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("x" * 60, 24, id="narrow"),
        pytest.param("W" * 60, 12, id="wide letters"),
        pytest.param("\N{GRINNING FACE}" * 60, 12, id="pictures"),
    ],
)
def test_names_never_reach_the_dots(name, most):
    root = drawn([replace(dots(1)[0], name=name)])
    (shown,) = [node.text for node in nodes(root, "text") if node.text.endswith("\u2026")]
    assert most / 2 < len(shown) <= most

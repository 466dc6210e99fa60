"""Pictures of stand-in boards: what they show, what they leave out, and that captions say so."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import boards
import pytest

from leaderboard.figures.styles import DISTINCT, MOST
from leaderboard.model import Value
from leaderboard.page.pictures import (
    costs_missing,
    labels_of,
    league_pictures,
    looks,
    setting_pictures,
)
from leaderboard.page.pictures.costs import COSTS, axis


def pictures(board, league=0):
    labels, one = labels_of(board), board.leagues[league]
    found = [*league_pictures(one, labels), *setting_pictures(one.settings[0], labels)]
    return {picture.key.removeprefix("l-1-"): picture for picture in found}


@pytest.fixture(scope="module")
def few():
    return pictures(boards.board(12, 3, published=False))


@pytest.fixture(scope="module")
def many_board():
    return boards.board(300, 2, published=False)


@pytest.fixture(scope="module")
def many(many_board):
    return pictures(many_board)


def colours(svg, names):
    """The colour of each name's markers, in figures that name methods beside them."""
    root = ET.fromstring(svg)  # noqa: S314
    order = list(root.iter())
    found = {}
    for place, node in enumerate(order):
        if node.text in names:
            near = order[place + 1 : place + 3]
            found[node.text] = next(n.get("stroke") for n in near if n.get("stroke"))
    return found


def test_a_ranking_has_its_chart_costs_and_comparisons(few):
    assert {f"cost-{name}" for name in COSTS} <= set(few)
    assert {"ranking", "ranks-aubc", "critical", "agreement", "penalty-0"} <= set(few)
    assert not [key for key in few if "curves" in key], "three settings are too many"
    assert not [p for p in few.values() if "Shown:" in p.caption], "nothing is left out"


def test_learning_curves_stand_beside_a_ranking_of_few_settings(many_board, many):
    beside = [many[f"curves-{n}"] for n in (0, 1)]
    assert [p.part for p in beside] == [s.key for s in many_board.leagues[0].settings]
    assert all("Shown: the first 12 of 300 methods by rank." in p.caption for p in beside)


def test_figures_of_many_methods_say_what_they_leave_out(many_board, many):
    league = many_board.leagues[0]
    compared, ranked = len(league.relations.entrants), league.views[0].rows
    first = f"the first {MOST} of {compared} methods by mean rank"
    for key in ("penalty-0", "ranks-aubc", "critical"):
        assert first in many[key].caption
    for kind in ("patches", "foreground", "fits", "classes"):
        assert f"the first {MOST} of 300 methods by rank" in many[f"s-001-{kind}"].caption
    shown = len(re.findall('style="fill:', many["ranking"].svg))
    left = f"the first 15 and the baselines; {len(ranked) - shown} more methods are in the table."
    assert many["ranking"].caption.endswith(left)
    grey = many["cost-effort"].svg.count("h0")
    assert f"the other {grey} methods are grey dots" in many["cost-effort"].caption


def test_figures_of_many_methods_are_small(many):
    assert max(len(picture.svg) for picture in many.values()) < 30_000


def test_all_figures_are_images_with_their_caption_as_name(few, many):
    for picture in (*few.values(), *many.values()):
        root = ET.fromstring(picture.svg)  # noqa: S314
        assert root.get("role") == "img"
        assert picture.caption[:40] in root.get("aria-label")


def test_a_method_has_one_colour_in_all_figures_and_for_the_script():
    board = boards.board(12, 2)
    labels = labels_of(board)
    styles = {label.name: label.style for label in labels.values()}
    found = looks(board, labels)
    assert list(found["looks"]) == [league.key for league in board.leagues]
    for league in board.leagues:
        for (name, colour, dashes, marker), entrant in zip(
            found["looks"][league.key], league.entrants, strict=True
        ):
            style = labels[entrant.key].style
            assert (name, colour, marker) == (entrant.name, style.colour, style.marker)
            assert tuple(dashes) == style.dashes
            assert styles[name] == style, "the same in all leagues"
    chart = pictures(board)["ranking"]
    assert colours(chart.svg, set(styles)) == {
        name: styles[name].colour for name in colours(chart.svg, set(styles))
    }


def test_methods_that_figures_name_look_different_however_many_there_are(many_board):
    labels = labels_of(many_board)
    assert len({entrant.id for entrant in many_board.leagues[0].entrants}) > DISTINCT
    for setting in (many_board.leagues[0].views[0],):
        first = [labels[row.entrant].style for row in setting.rows[:MOST]]
        assert len({(style.colour, style.marker) for style in first}) == MOST


def test_a_new_submission_changes_nobody_elses_style():
    before, after = (labels_of(boards.board(size, 1, published=False)) for size in (14, 15))
    assert len(after) == len(before) + 1
    assert {key: after[key] for key in before} == before


@pytest.mark.parametrize(
    ("cost", "largest", "title"),
    [
        pytest.param("training_hours", 0.0426, "Training time (min)", id="a demo"),
        pytest.param("training_hours", 61.2, "Training time (h)", id="a study"),
        pytest.param("training_hours", 0.01, "Training time (s)", id="36 s"),
        pytest.param("query_seconds", 11.5, "Querying time (s)", id="a short query"),
        pytest.param("query_seconds", 9000.0, "Querying time (h)", id="a long query"),
        pytest.param("minutes", 95.0, "Estimated labelling time (min)", id="labelling"),
        pytest.param("query_seconds", 0.0, "Querying time (s)", id="no time"),
    ],
)
def test_times_have_a_unit_that_suits_them(cost, largest, title):
    found, factor = axis(cost, largest)
    assert found == title
    seconds = {"s": 1, "min": 60, "h": 3600}
    own = {"training_hours": "h", "query_seconds": "s", "minutes": "min"}[cost]
    assert factor == pytest.approx(seconds[own] / seconds[title.split("(")[1].strip(")")])


def test_short_trainings_are_drawn_in_minutes():
    board = boards.board(3, 2, published=False)
    league = board.leagues[0]
    rows = [
        replace(row, values=row.values | {"training_hours": Value(0.0373 + 0.001 * n)})
        for n, row in enumerate(league.views[0].rows)
    ]
    short = replace(league, views=(replace(league.views[0], rows=tuple(rows)),))
    svgs = {p.key: p for p in league_pictures(short, labels_of(board))}
    chart = svgs["l-1-cost-training_hours"]
    assert "Score (%) against training time (min)." in chart.caption
    assert {">2.25<", ">2.3<", ">2.35<"} <= set(re.findall(">[0-9.]+<", chart.svg))


def test_a_ranking_without_costs_says_why():
    board = boards.board(12, 2)
    measured, published = board.leagues
    assert costs_missing(measured) == ""
    assert "papers report neither" in costs_missing(published)
    assert not [key for key in pictures(board, 1) if "cost" in key]
    bare = replace(
        measured.views[0],
        rows=tuple(
            replace(row, values=row.values | dict.fromkeys(COSTS, Value(reason="none")))
            for row in measured.views[0].rows
        ),
    )
    assert "two ranked methods" in costs_missing(replace(measured, views=(bare,)))


def test_whiskers_are_said_to_be_what_they_are():
    board = boards.board(3, 2, published=False)
    league = board.leagues[0]

    def caption(value):
        rows = [replace(row, values=row.values | {"score": value}) for row in league.views[0].rows]
        one = replace(league, views=(replace(league.views[0], rows=tuple(rows)),))
        return pictures(replace(board, leagues=(one,)))["ranking"].caption

    assert "with 95 % intervals" in caption(Value(50.0, 1.0, 49.0, 51.0))
    assert "± one sample standard deviation over seeds" in caption(Value(50.0, 1.0))
    assert "without intervals" in caption(Value(50.0))

import csv
import io
import json
from dataclasses import replace

import boards
import pytest
import synthetic

from leaderboard.assemble import make_board
from leaderboard.export import long_csv
from leaderboard.model import (
    Repeat,
    Study,
    StudyCell,
    StudyPart,
    StudySource,
    StudyTable,
    Verdict,
)
from leaderboard.payload import LONG_COLUMNS, ROW, board_json, long_rows, to_json
from leaderboard.payload.league import verdict_json
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries


@pytest.fixture(scope="module")
def small():
    return boards.board(5, 3)


def test_it_is_json_and_always_the_same(small):
    assert to_json(small) == to_json(boards.board(5, 3))
    assert json.loads(to_json(small)) == board_json(small)


def test_a_row_holds_what_the_board_holds(small):
    league, content = small.leagues[0], board_json(small)
    row, wanted = content["leagues"][0]["blocks"][0]["rows"][0], league.settings[0].rows[0]
    field = dict(zip(ROW, row, strict=False))
    assert content["leagues"][0]["entrants"][field["entrant"]]["key"] == wanted.entrant
    assert field["rank"] == wanted.rank
    mean, spread = field["cells"][1]
    assert mean == pytest.approx(wanted.values["aubc"].mean, abs=5e-4)
    assert spread == pytest.approx(wanted.values["aubc"].spread, abs=5e-4)
    assert field["cells"][0][1] is None
    assert field["cells"][0][2] == pytest.approx(wanted.values["score"].low, abs=5e-4)
    assert content["reasons"][field["cells"][5][0]] == "over settings only"
    assert len(field["curve"]) == 5
    assert field["fit"][0] == pytest.approx(wanted.fit.gamma, abs=5e-5)
    assert len(field["fit"][5]) == 20
    assert field["classes"][0][0] == pytest.approx(wanted.classes[0].dice, abs=5e-4)


def test_a_view_of_one_setting_is_written_once(small):
    league = board_json(small)["leagues"][0]
    single = [view for view in league["views"] if len(view["settings"]) == 1]
    assert single
    assert all(view["rows"] == view["settings"][0] for view in single)


def test_long_rows_have_every_figure_or_its_reason(small):
    rows = [dict(zip(LONG_COLUMNS, row, strict=True)) for row in long_rows(board_json(small))]
    one = [row for row in rows if row["group"] == "measured" and row["settings"] == "acdc_low"]
    assert len(one) == 5 * (1 + len(boards.COLUMNS))
    published = [row for row in rows if row["group"] == "published" and row["column"] == "score"]
    assert published
    assert {(row["mean"], row["reason"]) for row in published} == {("n/a", boards.NEEDS_SEEDS)}


def test_the_csv_holds_the_long_rows(small):
    read = list(csv.reader(io.StringIO(long_csv(small))))
    assert read[0] == list(LONG_COLUMNS)
    assert [tuple(line) for line in read[1:]] == list(long_rows(board_json(small)))


def test_what_a_ranking_says_goes_with_its_rows(make, board_of, change):
    def other(method):
        return change(make(method, dice=(0.5, 0.5, 0.5)), "setting", name="other", dataset="other")

    board = board_of(make("a"), make("b"), make("c", dice=(0.5, 0.5, 0.5)), other("a"))
    content = board_json(board)
    assert content["default"] == board.default == board.leagues[0].key
    (league,), (wanted,) = content["leagues"], board.leagues
    view, verdict = league["views"][0], wanted.views[0].verdict
    assert view["ranked_over"] == list(wanted.views[0].ranked_over) != []
    assert view["lacking"] == list(wanted.views[0].lacking) != []
    assert view["verdict"] == {
        "headline": verdict.headline,
        "more": list(verdict.more),
        "test": "",
        "detectable": None,
        "detectable_reason": verdict.detectable_reason,
        "nothing": False,
        "repeat": "",
        "other_seeds": None,
        "other_settings": None,
        "repeat_reason": verdict.repeat_reason,
    }
    assert "2 seeds" in verdict.repeat_reason
    assert verdict.headline.startswith("A single seed")
    place = next(n for n, each in enumerate(wanted.settings) if len(each.rows) == 3)
    assert league["blocks"][place]["verdict"]["headline"] == wanted.settings[place].verdict.headline
    rows = [dict(zip(ROW, row, strict=False)) for row in league["blocks"][place]["rows"]]
    assert [row["leading"] for row in rows] == [0, 0, 0], "a single seed"
    near = (0.5, 0.6, 0.71)
    every = [make(m, s, (*d[:2], d[2] + s / 1000)) for s in (1, 2, 3)
             for m, d in (("a", near), ("b", near), ("c", (0.5, 0.5, 0.5)))]  # fmt: skip
    (led,) = board_json(board_of(*every))["leagues"]
    rows = [dict(zip(ROW, row, strict=False)) for row in led["blocks"][0]["rows"]]
    assert [row["leading"] for row in rows] == [1, 1, 0]


def test_a_ranking_says_in_numbers_how_far_it_would_repeat_itself():
    verdict = Verdict(
        headline="H.",
        nothing=True,
        repeat="R.",
        other_seeds=Repeat(0.123456, -0.5),
        other_settings=Repeat(0.1, -1.0),
    )
    found = verdict_json(verdict)
    assert (found["nothing"], found["repeat"]) == (True, "R.")
    assert (found["other_seeds"], found["other_settings"]) == ([0.1235, -0.5], [0.1, -1.0])


def test_where_an_incomplete_method_stands_is_in_its_row(make, board_of, change):
    def at(setting, method):
        return change(make(method), "setting", name=setting, dataset=setting)

    board = board_of(*(at(s, m) for s in "xy" for m in "ab"), at("x", "part"))
    rows = board_json(board)["leagues"][0]["views"][0]["rows"]
    found = [dict(zip(ROW, row, strict=False))["partial"] for row in rows]
    assert found == ["", "", "1st of 3 over the 1 of 2 settings it completed"]


def test_the_detectable_difference_is_a_number(board_of):
    board = board_of(published=True)
    view = board_json(board)["leagues"][0]["views"][0]
    assert view["verdict"]["detectable"] == pytest.approx(
        board.leagues[0].views[0].verdict.detectable, abs=5e-4
    )


def test_studies_are_written_with_their_numbers(small):
    cells = (StudyCell(1.23456, "%", 0.04, significant=True), None, StudyCell(2, "whole"))
    table = StudyTable("A table", "Method", ("a", "b", "c"), (("bald", cells),), "Bold: p < 0.1.")
    part = StudyPart(
        "Published", "published", "An answer.", ("l-2",), (table,), (), ("A note.",),
        (StudySource("A paper", "https://example.org", "table 8"),),
    )  # fmt: skip
    study = Study("study-noise", "Noise", "How much?", (part,))
    (written,) = board_json(replace(small, studies=(study,)))["studies"]
    assert (written["key"], written["question"]) == ("study-noise", "How much?")
    (found,) = written["parts"]
    assert (found["answer"], found["leagues"], found["group"]) == (
        "An answer.",
        ["l-2"],
        "published",
    )
    assert found["sources"] == [["A paper", "https://example.org", "table 8"]]
    (name, row), *_ = found["tables"][0]["rows"]
    assert name == "bald"
    assert row == [
        {"value": 1.235, "unit": "%", "p_value": 0.04, "significant": True},
        None,
        {"value": 2, "unit": "whole"},
    ]
    assert board_json(small)["studies"] == []


@pytest.fixture(scope="module")
def measured():
    world = synthetic.World(
        methods=4, settings=3, seeds=2, loops=3, cases=2, patches=8, quality=True
    )
    return make_board(Entries(tuple(map(facts_of, synthetic.results(world))), ()))


def test_a_ranking_by_another_metric_repeats_no_figure(measured):
    league, content = measured.leagues[0], board_json(measured)["leagues"][0]
    chosen = [
        (view, own) for view, own in zip(league.views, content["views"], strict=True) if view.by
    ]
    assert chosen
    for view, own in chosen:
        assert own["by"] == own["ranked_by"] == view.by
        for row, wanted in zip(own["rows"], view.rows, strict=True):
            field = dict(zip(ROW, row, strict=False))
            assert content["entrants"][field["entrant"]]["key"] == wanted.entrant
            assert (field["rank"], field["ties"]) == (wanted.rank, wanted.ties)
            assert all(field.get(name) is None for name in ("cells", "seeds", "notes"))
        # What they leave out is in the ranking that they name.
        assert any(
            not other["by"]
            and (other["settings"], other["classes"]) == (own["settings"], own["classes"])
            for other in content["views"]
        )
        tau = view.concordance.tau
        assert own["concordance"]["tau"] == (None if tau is None else pytest.approx(tau, abs=1e-4))


def test_long_rows_tell_ranks_by_metric_and_figures_by_class(measured):
    rows = [dict(zip(LONG_COLUMNS, row, strict=True)) for row in long_rows(board_json(measured))]
    league = measured.leagues[0]
    (view,) = (v for v in league.views if v.by == "hd95_final" and not (v.classes or v.dataset))
    names = {card.key: card.id for card in league.entrants}
    found = {
        row["method_id"]: row["mean"]
        for row in rows
        if row["column"] == "rank_by_hd95_final"
        and (row["dataset"], row["classes"]) == ("all",) * 2
    }
    assert found == {names[row.entrant]: f"{row.rank}" for row in view.rows}
    by_class = [row for row in rows if row["classes"] == "class 2"]
    assert {row["column"] for row in by_class if not row["column"].startswith("rank_by")} == {
        *("rank", "aubc", "final_dice", "nsd1_aubc", "nsd1_final", "nsd2_aubc", "nsd2_final"),
        *("hd95_aubc", "hd95_final"),
    }
    # All settings are of one dataset.
    assert {row["dataset"] for row in by_class} == {"all"}

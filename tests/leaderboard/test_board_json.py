import csv
import io
import json

import boards
import pytest

from leaderboard.board_json import LONG_COLUMNS, ROW, board_json, long_rows, to_json
from leaderboard.export import long_csv


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

"""Other works' figures: shown as published, with source and page; wrong rows are named."""

import pytest

from leaderboard.build import load_board
from leaderboard.export import long_csv, to_markdown
from leaderboard.page import render
from leaderboard.published.imports import OPTIONAL, REQUIRED, read_imports
from nnactive.errors import UserError

GOOD = {
    "work": "Smith et al. 2027",
    "source": "https://doi.org/10.1000/xyz",
    "page": "7, table 3",
    "dataset": "acdc",
    "method": "random",
    "metric": "aubc",
    "mean": "79.5",
    "epochs": "200",
    "nnunet": "2.5",
    "study": "main",
    "setting": "acdc_low",
    "spread": "0.5",
    "seeds": "3",
    "note": "own split",
}


@pytest.fixture
def file(tmp_path):
    """Writes rows, each as it differs from a good one."""

    def write(*rows, columns=(*REQUIRED, *OPTIONAL), name="figures.csv"):
        cells = [[(GOOD | row)[column] for column in columns] for row in rows]
        lines = [",".join(columns), *(",".join(f'"{text}"' for text in row) for row in cells)]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_figures_are_in_leagues_of_their_own_with_source_and_page(make, store, file):
    path = file(
        {},
        {"metric": "final_dice", "mean": "85"},
        {"method": "Fancy", "mean": "82.5", "spread": "", "seeds": ""},
        {"method": "Fancy", "study": "other", "source": "10.1000/xyz"},
    )
    board = load_board([store(make())], imported=[path])
    groups = [(league.group, league.title) for league in board.leagues]
    assert [group for group, _ in groups] == ["measured", "published", "published"]
    assert [title for _, title in groups[1:]] == [
        "Published: Smith et al. 2027, main",
        "Published: Smith et al. 2027, other",
    ]
    league = board.leagues[1]
    values = {
        e.id: row.values
        for row in league.views[0].rows
        for e in league.entrants
        if e.key == row.entrant
    }
    assert (values["random"]["aubc"].mean, values["random"]["aubc"].spread) == (79.5, 0.5)
    assert (values["Fancy"]["aubc"].mean, values["Fancy"]["aubc"].spread) == (82.5, None)
    assert values["random"]["score"].mean is None
    where = "https://doi.org/10.1000/xyz, page 7, table 3"
    assert all(where in entrant.reference for entrant in league.entrants)
    assert where in board.leagues[2].entrants[0].reference
    assert where in render(board)
    assert "82.5" in to_markdown(board)
    assert "Fancy" in long_csv(board)


def test_they_change_nothing_of_the_measured_ones(make, store, file):
    root = store(make(), make("bald"))
    (alone,) = load_board([root]).leagues
    assert load_board([root], imported=[file({})]).leagues[0] == alone


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"source": ""}, "source is empty"),
        ({"source": "a talk"}, "source 'a talk' is neither a DOI nor an address"),
        ({"source": "javascript:alert(1)"}, "is neither a DOI nor an address"),
        ({"page": " "}, "page is empty"),
        ({"metric": "score"}, "metric 'score' is none of aubc, final_dice"),
        ({"mean": "79,5"}, "mean '79,5' is not a number of percent"),
        ({"mean": "nan"}, "mean 'nan' is not a number of percent"),
        ({"mean": "795"}, "mean '795' is not a number of percent"),
        ({"spread": "-1"}, "spread '-1' is not a number of percent"),
        ({"epochs": "1e3"}, "epochs '1e3' is not a whole number"),
        ({"seeds": "0"}, "seeds '0' is not a whole number"),
        ({"work": "\u202e"}, "work is empty"),
        ({}, "line 2 has the same figure; remove one"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(file, fields, reason):
    path = file({}, fields)
    with pytest.raises(UserError) as caught:
        read_imports([path])
    assert str(caught.value).startswith(f"{path}, line 3: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1: no column 'work'"),
        (b"work,source\n", "line 1: no column 'page'"),
        (",".join([*REQUIRED, "colour"]).encode(), "line 1: an unknown or repeated column"),
        (",".join([*REQUIRED, "work"]).encode(), "line 1: an unknown or repeated column"),
        (",".join(REQUIRED).encode() + b"\na,b\n", "line 2: another number of fields"),
        (b"\xff\xfe", "byte 0 isn't UTF-8"),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, content, reason):
    path = tmp_path / "figures.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"figures\.csv") as caught:
        read_imports([path])
    assert reason in str(caught.value)


def test_a_missing_file_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_imports([tmp_path / "nowhere.csv"])


def test_two_files_may_not_have_the_same_figure(file):
    with pytest.raises(UserError, match=r"two\.csv, line 2: another file has the same figure"):
        read_imports([file({}), file({}, name="two.csv")])
